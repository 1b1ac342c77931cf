#!/usr/bin/env python
"""Takes the README's picture of a report, from a run of the demo.

    ./scripts/demo.sh --output out/demo
    tf1pruning report out/demo
    python scripts/screenshot_report.py --report out/demo/report.html

Writes pic/report.png. Needs Chromium and its driver (Debian: apt-get install chromium chromium-driver).
"""

import contextlib
import os
import shutil
import tempfile
from typing import Any, Iterator, List

from absl import flags
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service

from tf1pruning.cli.program import guarded, parse_flags, start
from tf1pruning.errors import ModelError, OptionError
from tf1pruning.files import write_bytes

FLAGS = flags.FLAGS
BROWSERS = ('chromium', 'chromium-browser', 'google-chrome')
QUIET = ('--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
         '--disable-background-networking', '--disable-component-update', '--disable-sync', '--hide-scrollbars')
"""Flags for a browser that shows one file and speaks to nobody."""
WIDTH, HEIGHT = 1180, 1010
PICTURE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'pic', 'report.png')


def find_browser() -> str:
    """Returns the path of the browser, or nothing where it or its driver is missing."""
    found = [path for path in map(shutil.which, BROWSERS) if path]
    return found[0] if found and shutil.which('chromedriver') else ''


@contextlib.contextmanager
def open_browser(width: int = WIDTH, height: int = HEIGHT) -> Iterator[Any]:
    """Starts a browser with a profile of its own, which is removed afterwards.

    Raises:
        OptionError: there is none, or it does not start.
    """
    path = find_browser()
    if not path:
        raise OptionError('no Chromium with chromedriver here (Debian: apt-get install chromium chromium-driver)')
    with tempfile.TemporaryDirectory(prefix='browser-') as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = path
        for flag in (*QUIET, '--user-data-dir=' + profile, '--window-size=%d,%d' % (width, height),
                     'about:blank'):
            options.add_argument(flag)
        options.set_capability('goog:loggingPrefs', {'browser': 'ALL', 'performance': 'ALL'})
        try:
            driver = webdriver.Chrome(service=Service(shutil.which('chromedriver')), options=options)
        except WebDriverException as error:
            raise OptionError('the browser does not start: %s' % error.msg) from error
        try:
            resize(driver, width, height)
            yield driver
        finally:
            driver.quit()


def resize(driver: Any, width: int, height: int, scale: float = 1.0) -> None:
    """Sets the size of what the page sees, also below what a window may have."""
    driver.execute_cdp_cmd('Emulation.setDeviceMetricsOverride', {
        'width': width, 'height': height, 'deviceScaleFactor': scale, 'mobile': False})


def take() -> None:
    """Takes the picture.

    Raises:
        ModelError: there is no report.
    """
    if not os.path.isfile(FLAGS.report):
        raise ModelError('no report %s: make it with `tf1pruning report DIR`' % FLAGS.report)
    with open_browser() as driver:
        driver.get('file://' + os.path.abspath(FLAGS.report))
        write_bytes(FLAGS.output, driver.get_screenshot_as_png())
    print(FLAGS.output)


def main(_: List[str]) -> int:
    """Returns the exit code; a mistake is one line on standard error."""
    return guarded(take, 'screenshot_report.py')


if __name__ == '__main__':
    flags.DEFINE_string('report', 'out/demo/report.html', 'The page that `tf1pruning report` made.')
    flags.DEFINE_string('output', PICTURE, 'Where the picture goes.')
    start(main, parse_flags)
