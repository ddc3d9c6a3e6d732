"""The documents' code and commands, and how a test runs them: one page after another, small.

A block in ``python`` or ``bash`` is run as it stands, in the order of its page and in one folder a
page. A block that begins with the name of a file in a comment (``# berries.py``, ``# study.yaml``)
is also put into that file, as the reader is told to. Blocks that only show something are ``text``.

Commands that would take long are made small by the shell functions in ``SMALL``.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
DOCS = REPOSITORY / "docs"
GENERATED = ("_build", "_ext", "reference", "worlds")
_BLOCK = re.compile(r"^```(bash|python|yaml)\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# ([\w-]+\.(?:py|yaml))\n")

# The commands as they stand, but small: what each gets in addition. `make` runs the main job only;
# of its other targets the tests see that they exist. Of several seeds one is trained. What is
# submitted to a cluster is composed, several lives are trained in one process, figures have one
# width. Papers are reproduced on the first page alone. A life that another page has trained is
# copied. A server is stopped once it listens, a benchmark is asked for its options.
SMALL = r"""
set -euo pipefail
small_life="phases.autonomy.steps=2048 ppo.num_epochs=1"
quick="$PWD/outputs/value-internalization/quick"
small_paper="--figures 4a --seeds 1 --preset smoke --output $quick"
one_seed() {
  kept=()
  for word in "$@"; do
    [[ $word == seed=*,* ]] && word=${word%%,*}
    kept+=("$word")
  done
}
train() {
  one_seed "$@"
  life=$small_life
  [[ $* == *caregiver=recorded* ]] || life="$life phases.socialization.steps=2048"
  local=()
  for word in "${kept[@]}"; do
    [[ $word == hydra[./]launcher* || $word == hydra.run.dir* ]] || local+=("$word")
  done
  if [[ $* == *submitit* ]]; then
    composed=()
    for word in "${local[@]}"; do
      [[ $word == -m ]] || composed+=("${word%%,*}")
    done
    command prosocial train --cfg job "${composed[@]}" $life > /dev/null
  elif [[ $1 == -m ]]; then
    command prosocial train "${local[@]}" hydra/launcher=basic $life \
      'hydra.sweep.subdir=${name}/${condition}/seed-${seed}'
  elif [[ $* == *hydra.run.dir=* ]]; then
    folder="$*"
    folder=${folder##*hydra.run.dir=}
    folder=${folder%% *}
    trained="$TRAINED/$(md5sum <<< "${local[*]} $life" | cut --characters=-32)"
    if [ ! -d "$trained" ]; then
      command prosocial train "${kept[@]}" $life
      cp --recursive "$folder" "$trained"
    elif [ ! -d "$folder" ]; then
      mkdir --parents "$folder"
      cp --recursive "$trained/." "$folder"
    fi
  else
    command prosocial train "${kept[@]}" $life
  fi
}
evaluate() {
  [[ $* == *--scenario* && $* != *list* ]] && set -- "$@" --episodes 1
  command prosocial evaluate "$@"
}
figures() {
  [[ $* == *--schelling* ]] && set -- "$@" --episodes 1
  [[ $* == *--width* || $* == *outputs/value-internalization* ]] || set -- "$@" --width single
  command prosocial figures "$@"
}
serve() {
  rm --force served.txt
  command prosocial play "$@" --no-browser > served.txt 2>&1 &
  server=$!
  for _ in {1..300}; do
    grep --quiet http:// served.txt && break
    kill -0 $server 2>/dev/null || { cat served.txt; return 1; }
    sleep 0.2
  done
  cat served.txt
  grep --quiet http:// served.txt
  kill -TERM $server
  wait $server || [ $? -gt 128 ]
}
prosocial() {
  case "$1" in
    train) train "${@:2}" ;;
    evaluate) evaluate "${@:2}" ;;
    figures) figures "${@:2}" ;;
    sweep)
      one_seed "${@:2}"
      command prosocial sweep "${kept[@]}" phases.socialization.steps=2048 ;;
    play)
      if [[ $* == *--terminal* || $* == *--export* || $* == *--example* ]]; then
        command prosocial "$@"
      else serve "${@:2}"; fi ;;
    reproduce)
      if [[ $PAGE != README.md ]]; then  # there it is run
        command prosocial reproduce "$2" --help > /dev/null
        return
      fi
      case "$2" in
        commons-internalization) command prosocial "$@" --preset smoke --worlds fishery ;;
        bayesian-delegation) command prosocial "$@" --preset smoke ;;
        *) command prosocial "$@" $small_paper ;;
      esac ;;
    *) command prosocial "$@" ;;
  esac
}
make() {
  case "$1" in
    reproduce)
      command make -C "$REPOSITORY" --assume-old=.venv/.installed BIN="$BIN" \
        ARGS="$small_paper" reproduce ;;
    *) command make -C "$REPOSITORY" --dry-run "$@" > /dev/null ;;
  esac
}
python() {
  case "$1" in
    benchmarks/*)
      options=$(command python "$REPOSITORY/$1" --help)
      for word in "${@:2}"; do [[ $word != --* || $options == *"$word"* ]]; done ;;
    *) command python "$@" ;;
  esac
}
"""


@dataclass(frozen=True)
class Block:
    """A block of a page.

    Attributes:
        page: Its document, from the repository.
        number: Its place in the page, from 0.
        language: "bash", "python" or "yaml".
        text: What the reader types.
    """

    page: str
    number: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}-{self.number}"


def pages() -> list[Path]:
    """The documents that are written by hand: those of the repository, the site, the package."""
    found = [
        *REPOSITORY.glob("*.md"),
        *DOCS.rglob("*.md"),
        *(REPOSITORY / "prosocial").rglob("*.md"),
    ]
    return sorted(path for path in found if not _generated(path))


def _generated(path: Path) -> bool:
    inside = path.relative_to(REPOSITORY).parts
    return inside[0] == "docs" and (inside[1] in GENERATED or inside[1] == "commands.md")


def blocks(page: Path) -> list[Block]:
    """The blocks of a page that are run or put into a file, in their order."""
    name = page.relative_to(REPOSITORY).as_posix()
    found = _BLOCK.findall(page.read_text(encoding="utf-8"))
    kept = [(language, text) for language, text in found if language != "yaml" or _FILE.match(text)]
    return [Block(name, number, *block) for number, block in enumerate(kept)]


def shown_commands(page: Path) -> list[str]:
    """The commands `prosocial ...` in a page's blocks that are shown and not run."""
    text = page.read_text(encoding="utf-8")
    found = re.findall(r"^```(\w*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    shown = "".join(lines for language, lines in found if language in ("", "text", "sh"))
    lines = shown.replace("\\\n", " ").splitlines()
    return [line for line in lines if line.startswith("prosocial ")]


def run(block: Block, folder: Path) -> None:
    """Types a block in a folder; raises an AssertionError that shows what went wrong.

    Trained lives are kept in the folder ``trained`` beside it.
    """
    file = _FILE.match(block.text)
    if file:
        (folder / file[1]).write_text(block.text, encoding="utf-8")
    if block.language == "yaml":
        return
    trained = folder.parent / "trained"
    trained.mkdir(exist_ok=True)
    programs = str(Path(sys.executable).parent)
    environment = {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "BIN": programs,
        "REPOSITORY": str(REPOSITORY),
        "TRAINED": str(trained),
        "PAGE": block.page,
        "PYTHONDONTWRITEBYTECODE": "1",  # a file may be written anew within the same second
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    text = block.text
    command = (
        ["bash", "-c", SMALL + text] if block.language == "bash" else [sys.executable, "-c", text]
    )
    found = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert found.returncode == 0, f"{block}\n{text}\n{found.stdout}"
