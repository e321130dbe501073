"""The console in a real browser: the distribution's Chromium, driven by Playwright, over the demo's data."""
