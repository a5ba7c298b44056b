"""How a resource's methods are declared: once, as what builds a call; both clients do it, each in its way.

class Leads(Resource[D]):
    @Method
    def get(self, lead_id: str) -> Call[Lead]: ...

Leadlight(…).leads.get("lead_1")             is a Lead
await AsyncLeadlight(…).leads.get("lead_1")  is one too
Leads.get.build("lead_1")                    is the call itself, and nothing is sent
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Generator, Iterator
from functools import wraps
from types import MethodType
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, overload

from leadlight.client.calls import Call, Page
from leadlight.client.drivers import AsyncDriver, Driver, SyncDriver
from leadlight.client.exchange import Talk
from leadlight.client.following import Stream

P = ParamSpec("P")
T = TypeVar("T")
D = TypeVar("D", bound=Driver)


class Resource(Generic[D]):
    """A part of the API. `D`: who does its calls."""

    def __init__(self, driver: D) -> None:
        self.driver = driver


class Method(Generic[P, T]):
    """Answers with what its call, or its talk, comes to."""

    def __init__(self, declared: Callable[Concatenate[Any, P], Call[T] | Talk[T]]) -> None:
        self._declared = declared
        self.__doc__ = declared.__doc__

    def build(self, *args: P.args, **kwargs: P.kwargs) -> Call[T] | Talk[T]:
        return self._declared(None, *args, **kwargs)

    @overload
    def __get__(self, owner: None, kind: type) -> Self: ...
    @overload
    def __get__(self, owner: Resource[SyncDriver], kind: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, owner: Resource[AsyncDriver], kind: type) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, owner: Any, kind: type) -> Any:
        return self if owner is None else _bound(self._declared, owner, owner.driver.do)


class Listing(Generic[P, T]):
    """Walks over all items of a list: `for` with one client, `async for` with the other."""

    def __init__(self, declared: Callable[Concatenate[Any, P], Call[Page[T]]]) -> None:
        self._declared = declared
        self.__doc__ = declared.__doc__

    def build(self, *args: P.args, **kwargs: P.kwargs) -> Call[Page[T]]:
        return self._declared(None, *args, **kwargs)

    @overload
    def __get__(self, owner: None, kind: type) -> Self: ...
    @overload
    def __get__(self, owner: Resource[SyncDriver], kind: type) -> Callable[P, Iterator[T]]: ...
    @overload
    def __get__(self, owner: Resource[AsyncDriver], kind: type) -> Callable[P, AsyncIterator[T]]: ...
    def __get__(self, owner: Any, kind: type) -> Any:
        return self if owner is None else _bound(self._declared, owner, owner.driver.items)


class Streaming(Generic[P, T]):
    """Goes on for ever with what happens: `for` with one client, `async for` with the other."""

    def __init__(self, declared: Callable[Concatenate[Any, P], Stream[T]]) -> None:
        self._declared = declared
        self.__doc__ = declared.__doc__

    def build(self, *args: P.args, **kwargs: P.kwargs) -> Stream[T]:
        return self._declared(None, *args, **kwargs)

    @overload
    def __get__(self, owner: None, kind: type) -> Self: ...
    @overload
    def __get__(self, owner: Resource[SyncDriver], kind: type) -> Callable[P, Generator[T, None, None]]: ...
    @overload
    def __get__(self, owner: Resource[AsyncDriver], kind: type) -> Callable[P, AsyncGenerator[T, None]]: ...
    def __get__(self, owner: Any, kind: type) -> Any:
        return self if owner is None else _bound(self._declared, owner, owner.driver.follow)


def _bound(declared: Callable[..., Any], owner: object, do: Callable[[Any], Any]) -> Callable[..., Any]:
    """The declared method, done. It keeps its name, its docstring and its signature, without `self`."""

    @wraps(MethodType(declared, owner))
    def run(*args: Any, **kwargs: Any) -> Any:
        return do(declared(owner, *args, **kwargs))

    return run
