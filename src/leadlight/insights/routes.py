"""Insights over the API."""

from leadlight.http.operation import Operation
from leadlight.insights.schemas import (
    CAMPAIGNS_EXAMPLE,
    FIRST_CONTACT_EXAMPLE,
    FUNNEL_EXAMPLE,
    OVER_TIME_EXAMPLE,
    OVER_TIME_PARAMETERS,
    SOURCES_EXAMPLE,
    SPAN_PARAMETERS,
    YIELD_PARAMETERS,
    CampaignList,
    FirstContactView,
    FunnelView,
    OverTimeQuery,
    OverTimeView,
    SourceList,
    SpanQuery,
    YieldQuery,
)
from leadlight.insights.service import InsightService
from leadlight.principal import Principal, Scope

_PATH = "/api/v1/insights"
_TAG = "Insights"


class InsightRoutes:
    def __init__(self, insights: InsightService) -> None:
        self._insights = insights

    def operations(self) -> list[Operation]:
        return [
            Operation(
                id="getFunnel",
                method="GET",
                path=f"{_PATH}/funnel",
                tag=_TAG,
                summary="How far leads have come",
                description="Of the leads that were created on these days: how many ever reached each stage, from "
                "`new` by `contacted` and `qualified` to `converted`. A lead has reached a stage when it has ever had "
                "its status, or that of a later stage. `lost` and `follow_up` are no stages, and stand beside.",
                scope=Scope.LEADS_READ,
                query=SpanQuery,
                parameters=SPAN_PARAMETERS,
                response=FunnelView,
                example=FUNNEL_EXAMPLE,
                handler=self.get_funnel,
            ),
            Operation(
                id="getLeadsOverTime",
                method="GET",
                path=f"{_PATH}/leads-over-time",
                tag=_TAG,
                summary="How many leads were created, by source",
                description="By day, week or month: days up to 92 of them, weeks up to two years, months beyond, if "
                "not said. The sources with the most leads are told apart; all others are counted as one.",
                scope=Scope.LEADS_READ,
                query=OverTimeQuery,
                parameters=OVER_TIME_PARAMETERS,
                response=OverTimeView,
                example=OVER_TIME_EXAMPLE,
                handler=self.get_over_time,
            ),
            Operation(
                id="getFirstContact",
                method="GET",
                path=f"{_PATH}/first-contact",
                tag=_TAG,
                summary="How long leads waited for their first contact",
                description="From the creation of a lead to its first change of status away from `new`, of the leads "
                "that were created on these days. Those that came with another status have none. Median and p90 are "
                "exact to the minute up to a quarter of an hour, to five minutes up to an hour, to the hour up to a "
                "day, to the day up to thirty days, and to thirty days beyond.",
                scope=Scope.LEADS_READ,
                query=SpanQuery,
                parameters=SPAN_PARAMETERS,
                response=FirstContactView,
                example=FIRST_CONTACT_EXAMPLE,
                handler=self.get_first_contact,
            ),
            Operation(
                id="listSourceYields",
                method="GET",
                path=f"{_PATH}/sources",
                tag=_TAG,
                summary="Which sources bring customers",
                description="Of the leads that were created on these days, by source: how many they are, how many of "
                "them ever were converted, and which share that is.",
                scope=Scope.LEADS_READ,
                query=YieldQuery,
                parameters=YIELD_PARAMETERS,
                response=SourceList,
                example=SOURCES_EXAMPLE,
                handler=self.list_sources,
            ),
            Operation(
                id="listCampaignYields",
                method="GET",
                path=f"{_PATH}/campaigns",
                tag=_TAG,
                summary="Which campaigns bring customers",
                description="The same by the campaign that stands in a lead's metadata at `utm_campaign`, cut to 200 "
                "characters; leads without one are left out.",
                scope=Scope.LEADS_READ,
                query=YieldQuery,
                parameters=YIELD_PARAMETERS,
                response=CampaignList,
                example=CAMPAIGNS_EXAMPLE,
                handler=self.list_campaigns,
            ),
        ]

    async def get_funnel(self, caller: Principal, query: SpanQuery) -> FunnelView:
        span = self._insights.span(query.from_, query.to)
        return FunnelView.of(span, await self._insights.get_funnel(caller, span))

    async def get_over_time(self, caller: Principal, query: OverTimeQuery) -> OverTimeView:
        span = self._insights.span(query.from_, query.to, query.bucket)
        found = await self._insights.get_over_time(caller, span, step=query.bucket, top=query.top)
        return OverTimeView.of(span, found)

    async def get_first_contact(self, caller: Principal, query: SpanQuery) -> FirstContactView:
        span = self._insights.span(query.from_, query.to)
        return FirstContactView.of(span, await self._insights.get_first_contact(caller, span))

    async def list_sources(self, caller: Principal, query: YieldQuery) -> SourceList:
        span = self._insights.span(query.from_, query.to)
        found = await self._insights.list_sources(caller, span, ranking=query.sort, limit=query.limit)
        return SourceList.of(span, found)

    async def list_campaigns(self, caller: Principal, query: YieldQuery) -> CampaignList:
        span = self._insights.span(query.from_, query.to)
        found = await self._insights.list_campaigns(caller, span, ranking=query.sort, limit=query.limit)
        return CampaignList.of(span, found)
