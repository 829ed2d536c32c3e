"""Etsy: orders through its Open API v3."""
