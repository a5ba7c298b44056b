"""From a method and a path to an Operation: a tree of path segments."""

from collections.abc import Iterable

from leadlight.http.errors import MethodNotAllowed, RouteNotFound
from leadlight.http.operation import Operation


class _Node:
    __slots__ = ("children", "operations", "parameter")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.parameter: _Node | None = None
        self.operations: dict[str, Operation] = {}


class Routes:
    def __init__(self, operations: Iterable[Operation]) -> None:
        self._root = _Node()
        for operation in operations:
            node = self._root
            for segment in operation.path.split("/"):
                if segment.startswith("{"):
                    node.parameter = node.parameter or _Node()
                    node = node.parameter
                else:
                    node = node.children.setdefault(segment, _Node())
            node.operations[operation.method] = operation

    def match(self, method: str, path: str) -> tuple[Operation, str]:
        """The operation and the id in the path ('' if it has none); HEAD is served by GET.

        Raises RouteNotFound or MethodNotAllowed.
        """
        node, parameter = self._root, ""
        for segment in path.split("/"):
            child = node.children.get(segment)
            if child is None:
                child = node.parameter
                if child is None or not segment:
                    raise RouteNotFound
                parameter = segment
            node = child
        operation = node.operations.get("GET" if method == "HEAD" else method)
        if operation is None:
            if not node.operations:
                raise RouteNotFound
            raise MethodNotAllowed(method, self._allowed(node))
        return operation, parameter

    def allowed(self, path: str) -> str:
        """The methods of a path, as an Allow header says them. Raises RouteNotFound."""
        try:
            self.match("OPTIONS", path)
        except MethodNotAllowed as error:
            return error.allowed
        raise RouteNotFound

    @staticmethod
    def _allowed(node: _Node) -> str:
        methods = {*node.operations, "OPTIONS"} | ({"HEAD"} if "GET" in node.operations else set())
        return ", ".join(sorted(methods))
