"""ffmpeg: the encoder of a live event, sent to ingests each of which is reconnected by itself, and what converts files."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import IO

import msgspec

from socialcast.model.errors import ConfigurationError, TerminalError
from socialcast.wire.clock import Cancel

__all__ = ["Encoder", "Health", "convert", "is_installed", "source_words"]

_KEYFRAME_SECONDS = 2  # what YouTube, Facebook and Vimeo ask for (platform notes, 2026-11-22)
_RECOVERY_WAIT_SECONDS = 2
_RECOVERY_ATTEMPTS = 150  # five minutes: longer than any platform waits for a stream that broke off
_END_SECONDS = 15  # to write what is still buffered after it was asked to end
_KEPT_LINES = 20
_TEE_SPECIAL = re.compile(r"([\\'|\[\]])")

_VIDEO = (
    *("-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high", "-pix_fmt", "yuv420p"),
    *("-vf", "scale='min(1920,iw)':-2", "-b:v", "4500k", "-maxrate", "4500k", "-bufsize", "9000k"),
    *("-force_key_frames", f"expr:gte(t,n_forced*{_KEYFRAME_SECONDS})", "-sc_threshold", "0"),
)
_AUDIO = ("-c:a", "aac", "-b:a", "128k", "-ar", "48000", "-ac", "2")
_SILENCE = ("-f", "lavfi", "-i", "anullsrc=channel_layout=stereo:sample_rate=48000")  # platforms refuse a stream without sound
_FIFO = {  # a buffer in front of each ingest, which connects again by itself without holding up the others
    "f": "fifo",
    "fifo_format": "flv",
    "format_opts": "flvflags=no_duration_filesize",  # a stream has neither
    "attempt_recovery": 1,
    "recover_any_error": 1,
    "recovery_wait_time": _RECOVERY_WAIT_SECONDS,
    "max_recovery_attempts": _RECOVERY_ATTEMPTS,
    "restart_with_keyframe": 1,
    "drop_pkts_on_overflow": 1,
    "queue_size": 600,
    "onfail": "ignore",
}


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How the encoder does: how much it has sent, frames per second, kilobits per second, and its speed (1.0 is in time)."""

    sent_seconds: float
    frames_per_second: float
    kilobits_per_second: float
    speed: float
    dropped_frames: int


def is_installed() -> bool:
    """Whether ffmpeg can be run here."""
    return shutil.which("ffmpeg") is not None


def source_words(path: str, demuxer: str) -> tuple[str, ...]:
    """The input, read as a file of that kind and nothing else: ffmpeg would follow the addresses in a playlist."""
    return ("-protocol_whitelist", "file", "-f", demuxer, "-i", f"file:{path}")


def convert(words: Sequence[str], cancel: Cancel) -> Iterator[float]:
    """Run ffmpeg with those words and tell how many seconds are done; stopped where it was asked for.

    Raises ConfigurationError, with ffmpeg's own words, when it cannot do it.
    """
    command = [
        _program("ffmpeg"),
        "-y",
        "-nostdin",
        "-hide_banner",
        "-nostats",
        "-loglevel",
        "error",
        "-progress",
        "pipe:1",
        *words,
    ]
    with subprocess.Popen(  # noqa: S603 - the program was looked up, and no shell reads the words
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace"
    ) as process:
        complaints = Complaints(process.stderr, lambda line: None)
        complaints.start()
        try:
            for health in _healths(process.stdout):
                cancel.check()
                yield health.sent_seconds
        except BaseException:
            process.kill()
            raise
        finally:
            process.wait()
            complaints.join()
    if process.returncode != 0:
        raise ConfigurationError(f"ffmpeg cannot convert it: {complaints.last}")


class Encoder:
    """Sends a file or a device to ingests; `outputs` are the addresses with their keys, None for one that takes nothing.

    An address is an argument of the ffmpeg process, so other users of this machine can read its key while it runs. Raises
    ConfigurationError where ffmpeg is missing or the source cannot be read.
    """

    def __init__(self, source: str, outputs: Sequence[str | None], *, source_format: str = "") -> None:
        self._ffmpeg, self._ffprobe = _program("ffmpeg"), _program("ffprobe")
        self._source, self._outputs = source, outputs
        self._input = (*_input_options(source, source_format), "-i", source)
        self._has_sound = self._probe()

    def run(self, cancel: Cancel, on_health: Callable[[Health], None], on_line: Callable[[str], None]) -> None:
        """Send until the source ends or `cancel` is asked for; what ffmpeg complains of goes to `on_line`.

        Raises TerminalError when it ends otherwise.
        """
        with subprocess.Popen(  # noqa: S603 - the program was looked up, and no shell reads the words
            [*_bound_to_us(), *self._command()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            process_group=0,  # a Ctrl-C in the terminal is for us, who then ask it to end
        ) as process:
            complaints = Complaints(process.stderr, on_line)
            complaints.start()
            try:
                for health in _healths(process.stdout):
                    on_health(health)
                    if cancel.is_requested:
                        break
            finally:
                _end(process)
                complaints.join()
        if process.returncode != 0 and not cancel.is_requested:
            raise TerminalError(f"ffmpeg ended with code {process.returncode}: {complaints.last}", hint=_HINT)

    def _probe(self) -> bool:
        """Whether the source has sound."""
        words = [self._ffprobe, "-v", "error", *self._input, "-show_entries", "stream=codec_type", "-of", "csv=p=0"]
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603
        kinds = done.stdout.split()
        if done.returncode != 0 or "video" not in kinds:
            reason = (done.stderr.strip().splitlines() or ["it holds no picture"])[-1]
            raise ConfigurationError(f"{self._source} cannot be sent: {reason}")
        return "audio" in kinds

    def _command(self) -> list[str]:
        sound = () if self._has_sound else _SILENCE
        streams = ("-map", "0:v:0", "-map", "0:a:0") if self._has_sound else ("-map", "0:v:0", "-map", "1:a:0", "-shortest")
        quiet = ("-hide_banner", "-nostats", "-loglevel", "repeat+warning", "-progress", "pipe:1")
        pace = ("-re",) if _is_file(self._source) else ()
        tee = ("-flags", "+global_header", "-f", "tee", "|".join(map(_tee_output, self._outputs)))
        return [self._ffmpeg, *quiet, *pace, *self._input, *sound, *streams, *_VIDEO, *_AUDIO, *tee]


_HINT = "look at the last lines above; the event is still on the air where it was, so feeding again goes on with it"


class Complaints(Thread):
    """Reads what ffmpeg says on stderr, so that it never waits for a reader."""

    def __init__(self, stream: IO[str] | None, on_line: Callable[[str], None]) -> None:
        super().__init__(name="socialcast-ffmpeg", daemon=True)
        self._stream, self._on_line = stream, on_line
        self._lines: list[str] = []

    @property
    def last(self) -> str:
        """The last thing it said."""
        return self._lines[-1] if self._lines else "it said nothing"

    def run(self) -> None:
        """Hand over every line."""
        for line in self._stream or ():
            self._lines = [*self._lines, line.strip()][-_KEPT_LINES:]
            self._on_line(line.strip())


def _bound_to_us() -> tuple[str, ...]:
    """Words before a command by which Linux ends it when we are killed: ffmpeg would send on, with nobody left to stop it."""
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "TERM") if setpriv else ()


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise ConfigurationError(
            f"{name} is not installed, and it is what sends live events and converts videos: install it (apt install ffmpeg)"
        )
    return found


def _is_file(source: str) -> bool:
    return Path(source).is_file()


def _input_options(source: str, source_format: str) -> tuple[str, ...]:
    """A device of Linux is told by its path; elsewhere ffmpeg has to be told the format."""
    is_camera = source.startswith("/dev/video")
    form = source_format or ("v4l2" if is_camera else "")
    return ("-f", form) if form else ()


def _tee_output(address: str | None) -> str:
    if address is None:
        return "[f=null]-"
    fifo = ":".join(f"{name}={value}" for name, value in _FIFO.items())
    return f"[{fifo}]{_TEE_SPECIAL.sub(_escaped, address)}"


def _escaped(found: re.Match[str]) -> str:
    return f"\\{found[1]}"


def _healths(stream: IO[str] | None) -> Iterator[Health]:
    """Every block of ffmpeg's progress report."""
    told: dict[str, str] = {}
    for line in stream or ():
        name, _, value = line.strip().partition("=")
        told[name] = value
        if name == "progress":
            yield _health(told)
            told = {}


def _health(told: Mapping[str, str]) -> Health:
    return Health(
        sent_seconds=_number(told.get("out_time_us", "")) / 1_000_000,
        frames_per_second=_number(told.get("fps", "")),
        kilobits_per_second=_number(told.get("bitrate", "").removesuffix("kbits/s")),
        speed=_number(told.get("speed", "").removesuffix("x")),
        dropped_frames=int(_number(told.get("drop_frames", ""))),
    )


def _number(value: str) -> float:
    """A figure of the report; "N/A" until there is one."""
    try:
        return float(value)
    except ValueError:
        return 0.0


def _end(process: subprocess.Popen[str]) -> None:
    """Ask it to end as a person would with q, so that every ingest is told; then insist."""
    with suppress(OSError):  # it has ended by itself
        if process.stdin:
            process.stdin.write("q")
            process.stdin.close()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
