"""A language model behind an OpenAI-compatible chat endpoint as a text agent."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from prosocial.envs.engine.errors import ConfigError, ProsocialError

KEY_VARIABLE = "OPENAI_API_KEY"
NO_KEY = "none"  # sent where the variable is not set: local servers ask for no key
LONGEST_WAIT = 60.0  # seconds between two attempts, whatever the server asks for
_MOST_BYTES = 16 * 2**20  # of a reply; no answer is that long
_PASSING = (408, 409, 425, 429)  # statuses after which the same request may succeed, beside 5xx


class EndpointError(ProsocialError):
    """An endpoint gave no usable answer; the message says what happened and what to do."""


class _PassingError(Exception):
    """An attempt failed, but the next one may not."""

    def __init__(self, what: str, wait: float | None = None) -> None:
        super().__init__(what)
        self.wait = wait


class EndpointAgent:
    """Sends each prompt as one user message and returns the text of the reply.

    The API key comes from the environment and is written nowhere.

    Attributes:
        base_url: Address up to and with the version, such as "http://127.0.0.1:8000/v1".
        model: Name of the model.
    """

    def __init__(
        self,
        base_url: str,
        model: str | None = None,
        *,
        temperature: float | None = 0.0,
        max_tokens: int | None = None,
        timeout: float = 120.0,
        retries: int = 4,
        backoff: float = 1.0,
        key_variable: str = KEY_VARIABLE,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Checks the arguments; asks the server for nothing unless the model is left to it.

        Args:
            base_url: See above; http or https, without a user name or password.
            model: None for the only one that the server offers.
            temperature: 0 for the likeliest answer (GovSim); None leaves it to the server, as some
                models refuse any other.
            max_tokens: Longest answer in tokens, None for the server's own limit.
            timeout: Seconds until a whole reply must have come, > 0.
            retries: Further attempts after a failure that may pass, >= 0.
            backoff: Seconds before the first further attempt, doubled with each, >= 0; a server's
                Retry-After goes before, and 60 is the most.
            key_variable: Environment variable that holds the API key.
            sleep: Waits so many seconds.

        Raises:
            ConfigError: An argument is wrong.
            EndpointError: The server does not say which model it has.
        """
        self.base_url = _checked_url(base_url)
        _require(timeout > 0 and math.isfinite(timeout), "timeout", timeout, "seconds > 0")
        _require(isinstance(retries, int) and retries >= 0, "retries", retries, "an integer >= 0")
        _require(backoff >= 0 and math.isfinite(backoff), "backoff", backoff, "seconds >= 0")
        self._timeout, self._retries, self._backoff = timeout, retries, backoff
        self._key_variable, self._sleep = key_variable, sleep
        self._settings: dict[str, Any] = {}
        if temperature is not None:
            _require(0 <= temperature <= 2, "temperature", temperature, "a number in [0, 2]")
            self._settings["temperature"] = temperature
        if max_tokens is not None:
            _require(max_tokens >= 1, "max_tokens", max_tokens, "an integer >= 1")
            self._settings["max_tokens"] = max_tokens
        self._client = self._open()
        self.model = model or self._only_model()

    def act(self, text: str) -> str:
        """Returns the model's answer.

        Raises:
            EndpointError: Nothing answers in time, or what comes is an error, no JSON of the
                expected form, a refusal or empty, and so were all further attempts that make sense.
        """
        return self._persistently(lambda: self._ask(text))

    def _persistently(self, attempt: Callable[[], str]) -> str:
        for number in range(self._retries + 1):
            try:
                return attempt()
            except _PassingError as error:
                if number == self._retries:
                    tried = f"{number + 1} attempts" if number else "1 attempt"
                    raise EndpointError(
                        f"{self.base_url} gave no answer after {tried}: {error}. Check that the "
                        "server runs and the address is right, or allow more time or attempts."
                    ) from error
                wait = self._backoff * 2**number if error.wait is None else error.wait
                self._sleep(min(wait, LONGEST_WAIT))
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _ask(self, text: str) -> str:
        create = self._client.chat.completions.with_streaming_response.create
        messages = [{"role": "user", "content": text}]
        return self._content(
            self._reply(create, model=self.model, messages=messages, **self._settings)
        )

    def _only_model(self) -> str:
        reply = self._persistently(
            lambda: json.dumps(self._reply(self._client.models.with_streaming_response.list))
        )
        listed = json.loads(reply).get("data")
        names = [m.get("id") for m in listed if isinstance(m, dict)] if listed else []
        if len(names) != 1 or not isinstance(names[0], str):
            offered = ", ".join(map(str, names)) or "none"
            raise EndpointError(
                f"{self.base_url} offers these models: {offered}. Name the one to use."
            )
        return names[0]

    def _reply(self, call: Callable[..., Any], **arguments: Any) -> dict[str, Any]:
        """Returns a reply's JSON object, read within the time-out; its body, too."""
        import openai

        ends = time.monotonic() + self._timeout
        try:
            with call(timeout=self._timeout, **arguments) as response:
                body = self._body(response, ends)
        except openai.APITimeoutError as error:
            raise _PassingError(f"no reply within {self._timeout:g} s") from error
        except openai.APIStatusError as error:
            raise self._status(error) from error
        except openai.APIConnectionError as error:
            raise _PassingError(f"no connection ({error.__cause__ or error})") from error
        try:
            reply = json.loads(body)
        except ValueError as error:
            raise _PassingError(f"the reply is no JSON: {_begin(body)}") from error
        if not isinstance(reply, dict):
            raise _PassingError(f"the reply is no JSON object: {_begin(body)}")
        return reply

    def _body(self, response: Any, ends: float) -> bytes:
        # Read piece by piece: the client's own time-out starts anew with each byte, and servers
        # that send blanks while they work, or never stop, would hold a run for ever.
        body, pieces = bytearray(), response.iter_bytes()
        while True:
            try:
                piece = next(pieces, None)
            except Exception as error:  # the classes differ with the HTTP library below the client
                raise _PassingError(
                    f"the reply broke off ({error or type(error).__name__})"
                ) from error
            if piece is None:
                return bytes(body)
            body += piece
            if time.monotonic() > ends:
                raise _PassingError(f"no whole reply within {self._timeout:g} s")
            if len(body) > _MOST_BYTES:
                raise _PassingError(f"the reply is longer than {_MOST_BYTES} bytes")

    def _content(self, reply: dict[str, Any]) -> str:
        choices = reply.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        message = choice.get("message") if isinstance(choice, dict) else None
        if not isinstance(choice, dict) or not isinstance(message, dict):
            raise _PassingError(f"the reply has no choices[0].message: {_begin(json.dumps(reply))}")
        content, reason = message.get("content"), choice.get("finish_reason")
        if message.get("refusal") or reason == "content_filter":
            said = message.get("refusal") or "its content filter stepped in"
            raise EndpointError(
                f"The model {self.model} at {self.base_url} refused to answer: {said}. Use another "
                "model or another wording (paraphrase)."
            )
        if content is not None and not isinstance(content, str):
            raise _PassingError(f"the reply's content is no text: {_begin(json.dumps(content))}")
        if not content or not content.strip():
            if reason == "length":
                raise EndpointError(
                    f"The model {self.model} at {self.base_url} used up its tokens before it said "
                    "anything; allow longer answers with max_tokens."
                )
            raise _PassingError(f"the answer is empty (finish_reason {reason!r})")
        return content.encode(
            "utf-8", "replace"
        ).decode()  # half a surrogate pair cannot be sent on

    def _status(self, error: Any) -> Exception:
        status = error.status_code
        if status in _PASSING or status >= 500:
            wait = _seconds(error.response.headers.get("retry-after"))
            return _PassingError(f"HTTP status {status}", wait)
        hint = {
            401: f"Put a valid API key into the environment variable {self._key_variable}",
            403: f"Put a valid API key into the environment variable {self._key_variable}",
            404: "Check the address (it ends in /v1 with most servers) and the name of the model",
        }.get(status, "Check the model and its settings")
        return EndpointError(
            f"{self.base_url} answered with HTTP status {status} ({_begin(error.response.text)}). "
            f"{hint}."
        )

    def _open(self) -> Any:
        import openai

        key = os.environ.get(self._key_variable) or NO_KEY
        return openai.OpenAI(base_url=self.base_url, api_key=key, max_retries=0)


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(
            f"The endpoint {url!r} is no address; expected one such as http://127.0.0.1:8000/v1."
        )
    if parts.username is not None or parts.password is not None:
        raise ConfigError(
            "The endpoint's address holds a user name or password, which would be written into "
            f"transcripts; put the key into the environment variable {KEY_VARIABLE} instead."
        )
    return url.rstrip("/")


def _require(holds: bool, field: str, value: object, expected: str) -> None:
    if not holds:
        raise ConfigError(f"EndpointAgent's {field} is {value!r}; expected {expected}.")


def _seconds(header: str | None) -> float | None:
    """Returns a Retry-After in seconds, None if there is none or it is a date."""
    try:
        wait = float(header or "")
    except ValueError:
        return None
    return wait if 0 <= wait < math.inf else None


def _begin(text: str | bytes, length: int = 200) -> str:
    text = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return repr(text[:length]) + ("..." if len(text) > length else "")
