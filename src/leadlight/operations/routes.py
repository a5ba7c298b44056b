"""Operations over the API: looked at, and taken back."""

from leadlight.http.operation import Operation
from leadlight.http.pagination import cut
from leadlight.ids import OPERATION
from leadlight.operations.schemas import (
    OPERATION_EXAMPLE,
    OPERATION_PARAMETERS,
    OperationList,
    OperationQuery,
    OperationView,
)
from leadlight.operations.service import OperationService
from leadlight.principal import Principal, Scope

_PATH = "/api/v1/operations/{operationId}"


class OperationRoutes:
    def __init__(self, operations: OperationService) -> None:
        self._operations = operations

    def operations(self) -> list[Operation]:
        return [
            Operation(
                id="listOperations",
                method="GET",
                path="/api/v1/operations",
                tag="Operations",
                summary="List merges, imports and batches",
                description="Newest first: everything that changed many leads at once, or made one of two.",
                scope=Scope.LEADS_READ,
                query=OperationQuery,
                parameters=OPERATION_PARAMETERS,
                response=OperationList,
                example={
                    "operations": [
                        {name: value for name, value in OPERATION_EXAMPLE.items() if name != "skippedLeads"}
                    ],
                    "pagination": {"limit": 25, "hasNext": False, "nextCursor": None},
                },
                handler=self.list_operations,
            ),
            Operation(
                id="getOperation",
                method="GET",
                path=_PATH,
                tag="Operations",
                summary="Read an operation",
                description="What it changed, and what its undo left alone.",
                scope=Scope.LEADS_READ,
                path_id=OPERATION,
                response=OperationView,
                example=OPERATION_EXAMPLE,
                handler=self.get_operation,
            ),
            Operation(
                id="undoOperation",
                method="POST",
                path=f"{_PATH}/undo",
                tag="Operations",
                summary="Take an operation back",
                description="Leads that it made are erased, those that it changed or deleted are as before, and two "
                "that it merged are two again. What was changed since is left alone, and listed; so are leads that it "
                "made, where they have notes. A large undo goes on in the background: its status is `undoing` until "
                "then. To ask again does no harm.",
                scope=Scope.LEADS_WRITE,
                path_id=OPERATION,
                response=OperationView,
                example=OPERATION_EXAMPLE,
                handler=self.undo_operation,
                errors=("CONFLICT",),
            ),
        ]

    async def list_operations(self, caller: Principal, query: OperationQuery) -> OperationList:
        found = await self._operations.list_operations(
            caller.workspace_id, kind=query.kind, before=query.after, limit=query.limit + 1
        )
        page, pagination = cut(found, query.limit)
        return OperationList([OperationView.of(operation) for operation in page], pagination)

    async def get_operation(self, caller: Principal, operation_id: str) -> OperationView:
        return OperationView.of(*await self._operations.get_operation(caller.workspace_id, operation_id))

    async def undo_operation(self, caller: Principal, operation_id: str) -> OperationView:
        return OperationView.of(*await self._operations.undo(caller, operation_id))
