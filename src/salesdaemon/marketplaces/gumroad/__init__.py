"""Gumroad: digital products, memberships and bundles, sold in US dollars."""
