from playwright.sync_api import Page


def test_the_browser_shows_a_page_and_tells_of_errors(page: Page, complaints: list[str]) -> None:
    page.set_content("<h1>here</h1><script>console.error('broken'); missing()</script>")
    assert page.inner_text("h1") == "here"
    assert complaints[0] == "error: broken"
    assert "missing is not defined" in complaints[1]
    complaints.clear()
