"""Web machinery that knows no lead: operations, their dispatch, authentication, limits, documents."""
