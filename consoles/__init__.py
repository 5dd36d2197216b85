"""The aiohttp application, push, pages, composition root and command line."""
