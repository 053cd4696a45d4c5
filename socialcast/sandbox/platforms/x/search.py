"""The conversation below a post on X: what people answer in the app, and the search that finds it (X API docs, 2026-08-22)."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import islice, takewhile

from socialcast.sandbox.mirror import Request, Response, UnplayedError
from socialcast.sandbox.platforms.x import bodies
from socialcast.sandbox.platforms.x.access import User, answer, operation
from socialcast.sandbox.platforms.x.parameters import check_parameters, page, selection
from socialcast.sandbox.platforms.x.posts import Post
from socialcast.sandbox.platforms.x.problems import NOT_CONVERSATION, invalid, not_found
from socialcast.sandbox.platforms.x.reads import Reads, meta, on_page
from socialcast.sandbox.platforms.x.tables import LIMITS, PRICES
from socialcast.sandbox.platforms.x.text import mentions, weight

__all__ = ["Search"]

_SHOWN, _HIDDEN = "shown", "hidden"
_DAY_SECONDS = 86_400
_QUERY = re.compile(r"(conversation_id|in_reply_to_tweet_id):([0-9]{1,19})")


class Search(Reads):
    """The part of the mirror that has visitors, and finds what they wrote."""

    MODERATION = (_SHOWN, _HIDDEN)

    def reset(self) -> None:
        """Show every reply again."""
        super().reset()
        self.hidden: set[str] = set()

    def reply_as(self, name: str, id: str, text: str) -> str:
        """The id of what a person of that name answers in X's app, which puts the name of whom it answers before the text;
        KeyError for a post that is not there. The rule that apps may answer only those who mention them is not for people."""
        author = self.posts[id].author.name
        return self.speak_as(name, id, text if mentions(text, author) else f"@{author} {text}")

    def speak_as(self, name: str, id: str, text: str) -> str:
        """The same, from somebody who took the names away before the text, as X's app lets people do."""
        user, parent = self.users[self.account(name).id], self.posts[id]
        if not text.strip() or weight(text) > LIMITS.text_max_weight:
            raise UnplayedError(f"a reply has words, and weighs {LIMITS.text_max_weight} at most")
        if not _lets_reply(parent.root, user):
            raise UnplayedError(f"the author of the thread does not let {name} reply")
        return self._publish(user, text, (), parent, bodies.NewPost(text=text)).id

    def remove_as(self, name: str, id: str) -> None:
        """Its author in the app, or X itself, takes a post away."""
        self.take_away(self.posts[id])

    def moderate_as(self, name: str, id: str, state: str) -> None:
        """The author of a thread hides a reply of somebody else, or shows it again."""
        if self.posts[id].parent is None or state not in self.MODERATION:
            raise UnplayedError(f"a reply is {' or '.join(self.MODERATION)}")
        self._hide(id, is_hidden=state == _HIDDEN)

    @operation
    def hide_reply(self, user: User, request: Request, id: str) -> Response:
        """PUT /2/tweets/{id}/hidden: a reply in a conversation that the user began."""
        wish, post = bodies.decode(request, bodies.Hidden), self.posts.get(id)
        if post is None:
            raise not_found("tweet", id)
        if post.parent is None or post.root.author is not user:
            raise NOT_CONVERSATION.refusal()
        user.charge(PRICES.hide_reply)
        self._hide(id, is_hidden=wish.hidden)
        return answer({"data": {"hidden": wish.hidden}})

    def _hide(self, id: str, *, is_hidden: bool) -> None:
        self.hidden = self.hidden | {id} if is_hidden else self.hidden - {id}

    @operation
    def search_recent(self, user: User, request: Request) -> Response:
        """GET /2/tweets/search/recent: the last seven days, newest first; of the query language, one conversation."""
        check_parameters(request, "search_recent")
        matches = _matcher(request.args.get("query", ""))
        if matches is None:
            return answer({"sandbox": "the mirror plays queries for conversation_id: and in_reply_to_tweet_id: alone"}, 501)
        wanted = page(request, LIMITS.search_min_results, ("next_token", "pagination_token"))
        oldest = self.clock.now() - LIMITS.search_days * _DAY_SECONDS
        recent = takewhile(lambda post: post.created_at >= oldest, reversed(self.posts.values()))  # they are kept in their order
        found = (post for post in recent if matches(post) and on_page(post, wanted))
        posts = list(islice(found, wanted.max_results + 1))
        shown = posts[: wanted.max_results]
        data, includes = self._told(user, shown, selection(request))
        told = meta(shown, more=len(posts) > len(shown))
        return answer({"data": data, **includes, "meta": told} if data else {"meta": told})


def _lets_reply(root: Post, user: User) -> bool:
    """Whether the settings of the thread admit somebody whom it mentions, or, as nobody here follows or pays anybody, nobody."""
    wish = root.facts["who can reply"]
    return wish == "everyone" or user is root.author or (wish == "mentionedUsers" and mentions(root.text, user.name))


def _matcher(query: str) -> Callable[[Post], bool] | None:
    if not 1 <= len(query) <= LIMITS.query_max_length:
        raise invalid(f"The `query` query parameter value has a length of [{len(query)}], not of 1 to 512", "query", query)
    found = _QUERY.fullmatch(query)
    if found is None:
        return None
    operator, id = found.groups()
    if operator == "conversation_id":
        return lambda post: post.conversation_id == id and post.id != id
    return lambda post: post.parent is not None and post.parent.id == id
