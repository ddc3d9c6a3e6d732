"""The maps of clean_up, built from the counts and regions that the sources give.

Where river, channel, bank and orchard lie, and how many cells of each kind there are, follows the
sources (see the README). Ours are which of the dirt sites are dirty at the start (spread evenly:
of n sites in reading order, d of them dirty, site k is dirty if ``(k + 1) * d // n`` differs from
``k * d // n``) and where on the bank the spawn points lie.
"""

from __future__ import annotations

# '#' wall, '.' floor, 'A' apple, 'a' apple site without apple, 'P' spawn cell, 'Q' spawn cell of
# the first agents, '~' water, 'W' waste, 'w' dirt site without waste.
SYMBOLS = "#.AaPQ~Ww"

# Melting Pot: 21 x 30 cells; 147 dirt sites, 79 of them dirty; 20 further water cells; 122 apple
# sites; 19 spawn points.
MELTINGPOT = """
    ##############################
    #wWwWwWwWwWwWwWWwWwWwWwWwWwWW#
    #wWwWwWwWwWwWWwWwWwWwWwWwWWwW#
    #wWwWwWwWwWWwWwWwWwWwWwWwWWwW#
    #wWwWwWwWwWWwWwWwWwWwWwWWwWwW#
    #wWwWwWwWWwWwWwWwWwWwWWwWwWwW#
    #...............~wWwWwWW.....#
    #...P........P......~~~......#
    #.......P........P..~~....P..#
    #...P........P......~~.......#
    #.......P........P..~~.......#
    #...P........P......~~....P..#
    #.......P........P..~~.......#
    #...P........P......~~.......#
    #.......P........P..~~....P..#
    #.a.a.a.a.a.a.a.a.a.~~..a.a.a#
    #aaaaaaaaaaaaaaaaaaa..aaaaaaa#
    #aaaaaaaaaaaaaaaaaaaaaaaaaaaa#
    #aaaaaaaaaaaaaaaaaaaaaaaaaaaa#
    #aaaaaaaaaaaaaaaaaaaaaaaaaaaa#
    ##############################
"""

# Sequential Social Dilemma Games: 25 x 18 cells; 119 dirt sites, 56 of them dirty; a stream of 12
# water cells; 103 apple sites; 10 spawn points.
SSD = """
    ##################
    #wwWwW......aaaaa#
    #wWwWw.......aaaa#
    #WwWwW..P...aaaaa#
    #wWwwW.......aaaa#
    #wWwWw....P.aaaaa#
    #WwWwW.......aaaa#
    #wWwWww.P...aaaaa#
    #WwWwWw~~~~~~aaaa#
    #WwWwWw~~~~~~aaaa#
    #WwWwwW...P..aaaa#
    #wWwWw......aaaaa#
    #WwWwW..P....aaaa#
    #wWwWw......aaaaa#
    #wWwWw....P..aaaa#
    #WwWwW......aaaaa#
    #wWwWw..P....aaaa#
    #WwwWw......aaaaa#
    #WwWwW....P..aaaa#
    #wWwWw......aaaaa#
    #WwWww..P....aaaa#
    #WwWwW......aaaaa#
    #wWwWw....P..aaaa#
    #WwWwW......aaaaa#
    ##################
"""


def without_border(text: str) -> str:
    """Returns an ASCII map without its outermost rows and columns."""
    rows = text.split()
    return "\n".join(row[1:-1] for row in rows[1:-1])


LAYOUTS = {
    "meltingpot": MELTINGPOT,
    "ssd": SSD,
    "socialjax": without_border(MELTINGPOT),  # 19 x 28 cells
}
