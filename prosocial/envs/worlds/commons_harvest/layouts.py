"""The maps of commons_harvest; their symbols are those of ``avatars.maps``."""

from __future__ import annotations

# Symbols that a map of this world may have.
SYMBOLS = "#.AaPQ"

# Geometry of Melting Pot 2's commons_harvest__open, __closed and __partnership: 64 apples (four
# diamonds of 13 cells, two triangles of 6), 60 outer and 2 inner spawn cells, 80, 148 and 134
# cells of wall. The apples and spawn cells are the same in all three.
LAYOUTS = {
    "open": """
        ########################
        #AAA....A......A....AAA#
        #AA....AAA....AAA....AA#
        #A....AAAAA..AAAAA....A#
        #......AAA....AAA......#
        #.......A......A.......#
        #..A................A..#
        #.AAA..Q........Q..AAA.#
        #AAAAA............AAAAA#
        #.AAA..............AAA.#
        #..A................A..#
        #......................#
        #......................#
        #......................#
        #..PPPPPPPPPPPPPPPPPP..#
        #.PPPPPPPPPPPPPPPPPPPP.#
        #PPPPPPPPPPPPPPPPPPPPPP#
        ########################
    """,
    "closed": """
        ########################
        #AAA....A..##..A....AAA#
        #AA....AAA.##.AAA....AA#
        #A....AAAAA##AAAAA....A#
        #......AAA.##.AAA......#
        #.......A..##..A.......#
        #..A.......##.......A..#
        #.AAA..Q...##...Q..AAA.#
        #AAAAA.....##.....AAAAA#
        #.AAA..##########..AAA.#
        #..A.......##.......A..#
        ##########.##.##########
        #..........##..........#
        #..##################..#
        #..PPPPPPPPPPPPPPPPPP..#
        #.PPPPPPPPPPPPPPPPPPPP.#
        #PPPPPPPPPPPPPPPPPPPPPP#
        ########################
    """,
    "partnership": """
        ########################
        #AAA....A......A....AAA#
        #AA....AAA....AAA....AA#
        #A....AAAAA..AAAAA....A#
        #......AAA....AAA......#
        #.......A......A.......#
        #..A................A..#
        #.AAA..Q...##...Q..AAA.#
        #AAAAA............AAAAA#
        #.AAA..##########..AAA.#
        #..A.......##.......A..#
        ##########.##.##########
        #..........##..........#
        #..##################..#
        #..PPPPPPPPPPPPPPPPPP..#
        #.PPPPPPPPPPPPPPPPPPPP.#
        #PPPPPPPPPPPPPPPPPPPPPP#
        ########################
    """,
}
