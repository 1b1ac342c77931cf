"""The page in a browser: tabs, sorting, tooltips, keyboard; phones, paper, the dark; and nothing from elsewhere."""

import json
import os
from typing import Any, Dict, Iterator, List

import pytest

from tf1pruning.report.page.html import render_page
from tf1pruning.report.run import gather

pytest.importorskip('selenium')
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from scripts.screenshot_report import find_browser, open_browser, resize

pytestmark = [pytest.mark.slow, pytest.mark.skipif(
    not find_browser(), reason='no Chromium with chromedriver (Debian: apt-get install chromium chromium-driver)')]
CONTRAST = '''
function channel(value) { value /= 255; return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4; }
function light(colour) { const [r, g, b] = colour.match(/[0-9.]+/g).map(Number);
  return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b); }
function behind(element) { for (let at = element; at; at = at.parentElement) {
  const colour = getComputedStyle(at).backgroundColor; if (!colour.endsWith(', 0)')) { return colour; } }
  return 'rgb(255, 255, 255)'; }
const kinds = 'h1, h2, h3, p, th, td, dt, dd, li, a, code, caption, summary, span, text';
const texts = [...document.querySelectorAll(kinds)];
return texts.filter((each) => each.getClientRects().length && each.textContent.trim()).map((each) => {
  const style = getComputedStyle(each);
  const [a, b] = [light(each instanceof SVGElement ? style.fill : style.color), light(behind(each))];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  return [ratio, each.tagName + ': ' + each.textContent.trim().slice(0, 40)];
});
'''


@pytest.fixture(scope='module')
def browser(looped: str, tmp_path_factory: Any) -> Iterator[Any]:
    path = os.path.join(str(tmp_path_factory.mktemp('page')), 'report.html')
    with open(path, 'w', encoding='utf-8') as stream:
        stream.write(render_page(gather(looped)))
    with open_browser() as driver:
        driver.page = 'file://' + path
        yield driver


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """The page as it opens; whatever a test does to it, the console stays empty and nothing is asked for."""
    resize(browser, 1180, 900)
    show_as(browser)
    requested(browser)  # what the browser asked for before
    browser.get(browser.page + '?' + os.urandom(4).hex())
    yield browser
    assert [entry for entry in browser.get_log('browser') if entry['level'] in ('SEVERE', 'WARNING')] == []
    assert [url for url in requested(browser) if not url.startswith(('file://', 'data:'))] == []


def requested(driver: Any) -> List[str]:
    """Addresses that the page asked for."""
    messages = [json.loads(entry['message'])['message'] for entry in driver.get_log('performance')]
    return [message['params']['request']['url'] for message in messages
            if message['method'] == 'Network.requestWillBeSent']


def show_as(driver: Any, media: str = 'screen', scheme: str = 'light') -> None:
    """On a screen or on paper, light or dark."""
    driver.execute_cdp_cmd('Emulation.setEmulatedMedia', {
        'media': media, 'features': [{'name': 'prefers-color-scheme', 'value': scheme}]})


def tabs(driver: Any) -> Dict[str, Any]:
    return {each.text: each for each in driver.find_elements(By.CSS_SELECTOR, '[role=tab]')}


def visible_panels(driver: Any) -> List[str]:
    return [each.get_attribute('id') for each in driver.find_elements(By.CSS_SELECTOR, '[role=tabpanel]')
            if each.is_displayed()]


def column(driver: Any, table: str, number: int) -> List[str]:
    rows = driver.find_elements(By.CSS_SELECTOR, '#table-%s tbody tr' % table)
    return [row.find_elements(By.CSS_SELECTOR, 'th, td')[number].text for row in rows]


def test_tabs_by_mouse_and_by_keyboard(page: Any) -> None:
    assert visible_panels(page) == ['overview']
    tabs(page)['Layers'].click()
    assert visible_panels(page) == ['layers']
    page.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
    assert visible_panels(page) == ['network']
    page.switch_to.active_element.send_keys(Keys.END)
    assert visible_panels(page) == ['downloads']
    page.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
    assert visible_panels(page) == ['overview']
    page.switch_to.active_element.send_keys(Keys.ARROW_LEFT, Keys.HOME)
    chosen = [name for name, tab in tabs(page).items() if tab.get_attribute('aria-selected') == 'true']
    assert chosen == [page.switch_to.active_element.text] == ['Overview']
    assert [tab.get_attribute('tabindex') for tab in tabs(page).values()].count('0') == 1


def test_a_link_leads_to_a_tab(page: Any) -> None:
    page.get(page.page + '?linked#speed')
    assert visible_panels(page) == ['speed']


def test_tables_are_sorted_by_their_headings(page: Any) -> None:
    """Numbers by value, not by what is shown; unknown ones last; said to screen readers."""
    tabs(page)['Layers'].click()
    head = page.find_elements(By.CSS_SELECTOR, '#table-layers thead th')
    titles = [each.text for each in head]
    place = titles.index('MACs')
    exact = '#table-layers tbody tr :nth-child(%d)' % (place + 1)

    def values() -> List[float]:
        return [float(each.get_attribute('data-value')) for each in page.find_elements(By.CSS_SELECTOR, exact)
                if each.get_attribute('data-value')]

    first = values()
    button = head[place].find_element(By.TAG_NAME, 'button')
    button.send_keys(Keys.ENTER)
    assert values() == sorted(first, reverse=True) != first
    assert head[place].get_attribute('aria-sort') == 'descending'
    button.send_keys(Keys.ENTER)
    assert values() == sorted(first)
    assert head[place].get_attribute('aria-sort') == 'ascending'
    time = titles.index('Time')
    for _ in range(2):
        head[time].find_element(By.TAG_NAME, 'button').click()
        assert column(page, 'layers', time)[0] == '1.000 ms'
        assert set(column(page, 'layers', time)[1:]) == {'–'}
    head[0].find_element(By.TAG_NAME, 'button').click()
    assert column(page, 'layers', 0) == sorted(column(page, 'layers', 0), key=str.lower)


def test_tooltips_by_keyboard_and_by_mouse(page: Any) -> None:
    tabs(page)['Steps'].click()
    point = page.find_element(By.CSS_SELECTOR, '#steps svg.wide g[tabindex]')
    tip = page.find_element(By.ID, 'tooltip')
    assert not tip.is_displayed()
    page.execute_script('arguments[0].focus()', point)
    assert tip.text == point.get_attribute('aria-label') == 'baseline: 95.0 % accuracy, 1.00 k MACs (100.0 % remain)'
    assert point.get_attribute('aria-describedby') == 'tooltip'
    page.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert not tip.is_displayed()
    tabs(page)['Overview'].click()
    page.execute_script("arguments[0].dispatchEvent(new PointerEvent('pointerover', {bubbles: true, clientX: 5, "
                        'clientY: 5}))', page.find_element(By.CSS_SELECTOR, '.card'))
    assert '→' in tip.text
    box = page.execute_script('return arguments[0].getBoundingClientRect().toJSON()', tip)
    assert box['left'] >= 0
    assert box['top'] >= 0


@pytest.mark.parametrize('width', [360, 768])
def test_no_sideways_scrolling(page: Any, width: int) -> None:
    """In any part; wide tables scroll within themselves, by keyboard too."""
    resize(page, width, 800)
    for name, tab in tabs(page).items():
        page.execute_script('arguments[0].click()', tab)
        assert page.execute_script('return document.documentElement.scrollWidth') <= width, name
    regions = page.find_elements(By.CSS_SELECTOR, '.scroll')
    assert all(each.get_attribute('tabindex') == '0' and each.get_attribute('aria-label') for each in regions)


def test_paper_has_everything(page: Any) -> None:
    """All parts one below the other, without tabs; no wider than the sheet."""
    resize(page, 690, 900)
    show_as(page, 'print', 'dark')
    assert visible_panels(page) == ['overview', 'layers', 'network', 'filters', 'steps', 'refused', 'files', 'speed']
    assert not page.find_element(By.TAG_NAME, 'nav').is_displayed()
    assert page.execute_script('return document.documentElement.scrollWidth') <= 690
    assert page.execute_script('return getComputedStyle(document.body).backgroundColor') == 'rgb(255, 255, 255)'


@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_everything_is_readable(page: Any, scheme: str) -> None:
    """Contrast as WCAG 2 asks of normal text, AA, in every part."""
    show_as(page, scheme=scheme)
    background = page.execute_script('return getComputedStyle(document.body).backgroundColor')
    assert (background == 'rgb(16, 20, 26)') == (scheme == 'dark')
    for tab in tabs(page).values():
        tab.click()
        found = page.execute_script(CONTRAST)
        assert len(found) > 10
        assert [text for ratio, text in found if ratio < 4.5] == []


def test_screen_readers_get_names(page: Any) -> None:
    """Tables have captions and headings, pictures texts, tabs their panels; no id is there twice."""
    for table in page.find_elements(By.TAG_NAME, 'table'):
        assert table.find_element(By.TAG_NAME, 'caption').get_attribute('textContent')
        assert table.find_elements(By.CSS_SELECTOR, 'tbody th[scope=row]')
    assert all(each.get_attribute('alt') for each in page.find_elements(By.TAG_NAME, 'img'))
    unnamed = 'svg:not([aria-hidden=true]):not([aria-label])'
    assert page.find_elements(By.CSS_SELECTOR, unnamed) == []
    for tab in tabs(page).values():
        panel = page.find_element(By.ID, tab.get_attribute('aria-controls'))
        assert panel.get_attribute('aria-labelledby') == tab.get_attribute('id')
    names = page.execute_script("return [...document.querySelectorAll('[id]')].map((each) => each.id)")
    assert len(names) == len(set(names))


def test_without_scripts_everything_is_there(browser: Any) -> None:
    browser.execute_cdp_cmd('Emulation.setScriptExecutionDisabled', {'value': True})
    try:
        browser.get(browser.page + '?bare')
        shown = [each for each in browser.find_elements(By.CSS_SELECTOR, 'section.panel') if each.is_displayed()]
        assert len(shown) == len(browser.find_elements(By.CSS_SELECTOR, 'nav a')) == 9
    finally:
        browser.execute_cdp_cmd('Emulation.setScriptExecutionDisabled', {'value': False})
