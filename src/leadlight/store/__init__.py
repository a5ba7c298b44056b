"""SQL machinery that knows no lead: the database, its migrations, requests done once."""
