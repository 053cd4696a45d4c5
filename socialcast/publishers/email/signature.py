"""DKIM: a signature of the sender's domain over the whole mail, for those whose submission server does not sign."""

from __future__ import annotations

from socialcast.model.errors import ConfigurationError
from socialcast.wire.secrets import Secret

__all__ = ["Signer"]

# RFC 8058, 4: what signs a reader off has to be signed. The others are those that RFC 6376, 5.4.1 recommends.
_SIGNED = (
    b"from",
    b"to",
    b"reply-to",
    b"subject",
    b"date",
    b"message-id",
    b"mime-version",
    b"content-type",
    b"list-id",
    b"list-unsubscribe",
    b"list-unsubscribe-post",
)
_TRIAL = b"From: a@example.org\r\n\r\n.\r\n"


class Signer:
    """Signs for a domain with the key whose other half its DNS shows under that selector; raises ConfigurationError for what is
    no key. The second of signing is in a signature, so that a mail that has to be sent again has another."""

    def __init__(self, domain: str, selector: str, key: Secret) -> None:
        self._domain, self._selector, self._key = domain.encode(), selector.encode(), key
        self._sign(_TRIAL)

    def signed(self, message: bytes) -> bytes:
        """The mail with its signature on top."""
        return self._sign(message) + message

    def _sign(self, message: bytes) -> bytes:
        try:
            import dkim  # an extra: most submission servers sign themselves
        except ImportError:
            raise ConfigurationError("dkim_key needs: pip install 'socialcast[dkim]'") from None
        try:
            signature: bytes = dkim.sign(
                message, self._selector, self._domain, self._key.reveal().encode(), include_headers=list(_SIGNED)
            )
        except (dkim.DKIMException, ValueError):  # whose words may hold the key
            raise ConfigurationError("dkim_key is no private RSA key in PEM form, as `openssl genrsa` writes it") from None
        return signature
