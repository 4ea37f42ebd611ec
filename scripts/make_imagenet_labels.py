"""Make cnnvis_widgets/zoo/imagenet_labels.txt: one readable English label for each ImageNet unit.

The names come from the wheel of timm 1.0.31 (Apache-2.0), which lists the 1000 WordNet synsets in
the order of the units, and for each synset its lemmas. The lemmas are WordNet's (WordNet 3.0,
Copyright 2006 by Princeton University, WordNet licence).

    python scripts/make_imagenet_labels.py            # downloads the wheel (3 MB) with pip
    python scripts/make_imagenet_labels.py timm.whl   # or reads the one given
    python scripts/make_imagenet_labels.py --check    # compares instead of writing
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

VERSION = "1.0.31"
SHA256 = "5bd50f7d0fe6d09bf9285ac2523234a1b7e6bf075c0be3e7aed09139fcb617c7"
TARGET = Path(__file__).parents[1] / "cnnvis_widgets" / "zoo" / "imagenet_labels.txt"

HEADER = f"""\
# ImageNet's 1000 classes in the order of a network's output units: WordNet synset, label.
# Made by scripts/make_imagenet_labels.py from timm {VERSION} (Apache-2.0), timm/data/_info.
# The names are lemmas of WordNet 3.0, Copyright 2006 by Princeton University, WordNet licence.
"""

# A label is the synset's first lemma, except where another one is clearer or where the word alone
# means something else to most readers; the meaning in brackets follows WordNet's definition.
CLEARER = {
    7: "cock (rooster)",
    21: "kite (bird)",
    33: "loggerhead turtle",
    40: "anole",
    67: "diamondback rattlesnake",
    75: "black widow (spider)",
    78: "tick (arachnid)",
    87: "African grey (parrot)",
    97: "drake (duck)",
    101: "tusker (elephant or boar)",
    134: "crane (bird)",
    157: "papillon (dog)",
    161: "basset hound",
    164: "bluetick (dog)",
    168: "redbone (dog)",
    191: "Airedale terrier",
    192: "cairn terrier",
    195: "Boston terrier",
    199: "Scottish terrier",
    211: "vizsla (dog)",
    217: "English springer spaniel",
    227: "kelpie (dog)",
    242: "boxer (dog)",
    248: "husky",
    256: "Newfoundland dog",
    259: "Pomeranian (dog)",
    260: "chow chow",
    263: "Pembroke Welsh corgi",
    264: "Cardigan Welsh corgi",
    281: "tabby cat",
    286: "puma",
    296: "polar bear",
    301: "ladybird",
    308: "fly (insect)",
    312: "cricket (insect)",
    313: "stick insect",
    321: "admiral (butterfly)",
    322: "ringlet butterfly",
    323: "monarch butterfly",
    326: "lycaenid butterfly",
    332: "Angora rabbit",
    339: "sorrel (horse)",
    348: "ram (sheep)",
    352: "impala (antelope)",
    378: "capuchin (monkey)",
    380: "titi monkey",
    383: "ring-tailed lemur",
    387: "red panda",
    391: "coho salmon",
    392: "rock beauty (fish)",
    397: "pufferfish",
    408: "amphibious vehicle",
    412: "trash can",
    418: "ballpoint pen",
    428: "wheelbarrow",
    436: "station wagon",
    437: "lighthouse",
    439: "bearskin (hat)",
    444: "tandem bicycle",
    456: "bow (weapon)",
    458: "brass (memorial tablet)",
    468: "taxi",
    469: "cauldron",
    474: "cardigan (jacket)",
    487: "mobile phone",
    492: "chest (box)",
    494: "chime (bells)",
    506: "coil (spiral)",
    511: "convertible (car)",
    513: "cornet (instrument)",
    516: "cradle (bed)",
    517: "crane (machine)",
    541: "drum (instrument)",
    553: "file cabinet",
    558: "flute (instrument)",
    571: "petrol pump",
    576: "gondola (boat)",
    578: "gown (dress)",
    588: "hamper (basket)",
    589: "hair dryer",
    592: "hard disk",
    594: "harp (instrument)",
    595: "harvester (machine)",
    606: "iron (appliance)",
    608: "blue jean",
    610: "T-shirt",
    612: "rickshaw",
    626: "lighter (for fire)",
    628: "ocean liner",
    630: "Loafer (shoe)",
    638: "maillot (tights)",
    639: "maillot (swimsuit)",
    643: "mask (for the face)",
    651: "microwave oven",
    661: "Model T (car)",
    664: "monitor (screen)",
    666: "mortar (bowl)",
    673: "computer mouse",
    676: "muzzle (of a dog)",
    677: "nail (metal)",
    680: "nipple (of a baby's bottle)",
    681: "notebook computer",
    687: "pipe organ",
    705: "passenger car (railway)",
    714: "plectrum",
    717: "pickup truck",
    724: "pirate ship",
    725: "pitcher (jug)",
    726: "carpenter's plane",
    733: "pole (rod)",
    738: "flowerpot",
    746: "hockey puck",
    751: "racing car",
    758: "reel (of a fishing rod)",
    769: "ruler",
    771: "safe (strongbox)",
    776: "saxophone",
    778: "scale (for weighing)",
    782: "screen (display)",
    783: "screw (metal)",
    787: "shield (armour)",
    800: "slot (gambling machine)",
    819: "stage (theatre)",
    824: "stole (scarf)",
    828: "strainer (sieve)",
    829: "tram",
    830: "stretcher (litter)",
    834: "suit (clothes)",
    836: "sunglass (burning lens)",
    840: "mop",
    843: "swing (plaything)",
    844: "electric switch",
    847: "army tank",
    850: "teddy bear",
    862: "torch (flame)",
    876: "tub (vat)",
    881: "upright piano",
    882: "vacuum cleaner",
    884: "vault (arched ceiling)",
    897: "washing machine",
    908: "wing (of an aeroplane)",
    913: "wreck (of a ship)",
    916: "website",
    921: "dust jacket",
    934: "hot dog",
    970: "alp (mountain)",
    982: "bridegroom",
    989: "rose hip",
    990: "horse chestnut",
    998: "ear (of corn)",
}


def main() -> None:
    """Write the file, or with ``--check`` say whether it is as it should be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel", nargs="?", type=Path, help=f"the wheel of timm {VERSION}")
    parser.add_argument("--check", action="store_true", help="compare, do not write")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        text = labels(args.wheel or download(Path(folder)))
    if args.check:
        if TARGET.read_text("utf-8") != text:
            sys.exit(f"{TARGET.name} is not what this script makes.")
    else:
        TARGET.write_text(text, "utf-8")
    print(f"{TARGET.name}: 1000 labels {'checked' if args.check else 'written'}")


def download(folder: Path) -> Path:
    """Fetch the wheel with pip, as one would install it."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--only-binary", ":all:", "--dest", str(folder), f"timm=={VERSION}"]
    subprocess.run(command, check=True)
    return next(folder.glob("timm-*.whl"))


def labels(wheel: Path) -> str:
    """The text of the file, made from the wheel."""
    came = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if came != SHA256:
        sys.exit(f"{wheel.name} has SHA-256 {came}; timm {VERSION} with {SHA256} was expected.")
    with zipfile.ZipFile(wheel) as archive:
        info = "timm/data/_info/"
        synsets = archive.read(info + "imagenet_synsets.txt").decode().split()
        lines = archive.read(info + "imagenet_synset_to_lemma.txt").decode().splitlines()
    lemmas = {synset: names.split(", ") for synset, names in (line.split("\t") for line in lines)}
    if len(synsets) != 1000 or synsets != sorted(synsets):
        sys.exit("1000 synsets in ascending order were expected, which is the order of the units.")
    chosen = []
    for unit, synset in enumerate(synsets):
        label = CLEARER.get(unit, lemmas[synset][0])
        if label.split(" (")[0] not in lemmas[synset]:
            sys.exit(f"{label!r} is not among the names of unit {unit}: {lemmas[synset]}")
        chosen.append(label)
    if len({label.lower() for label in chosen}) != 1000:
        sys.exit("Two units have the same label.")
    return HEADER + "".join(f"{s} {label}\n" for s, label in zip(synsets, chosen, strict=True))


if __name__ == "__main__":
    main()
