"""The scripts of all pages: small, and those of others as they were published."""

import gzip
from hashlib import sha256

from rota.web.ui.files import contents

# Of the packages as published: uplot 1.6.32, htmx.org 2.0.11, idiomorph 0.8.0.
VENDORED = {
    "uplot.min.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
    "uplot.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
    "htmx.min.js": "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717",
    "idiomorph-ext.min.js": "5811b9a7eda14878b7dab4378bf60432e1bb6f11fcfb970cc26540642650181e",
}


def test_what_is_not_ours_is_pinned_and_comes_with_its_licence():
    found = contents()
    assert {name: sha256(found[name]).hexdigest() for name in VENDORED} == VENDORED
    licences = {"uplot": b"The MIT License", "htmx": b"Zero-Clause BSD", "idiomorph": b"Zero-Clause BSD"}
    assert [name for name, words in licences.items() if words not in found[f"{name}.LICENSE.txt"]] == []


def test_the_scripts_of_all_pages_are_small():
    sizes = {name: len(gzip.compress(data, 6)) for name, data in contents().items() if name.endswith(".js")}
    assert sum(sizes.values()) <= 60 * 1024, sizes
