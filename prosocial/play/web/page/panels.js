"use strict";

// The parts of the world's screen: each takes a view of the server and shows one side of it.

const HEADINGS = ["north", "east", "south", "west"];
const EVENTS_KEPT = 30;
const DEEDS_SHOWN = 3; // agents whose last action stands above the caregiver's buttons
const CURVE = { width: 300, height: 90, margin: 4 };
// KeyboardEvent.key -> what stands on the key
const KEY_NAMES = {
  ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", " ": "space", Escape: "Esc",
};

function keyName(key) {
  return KEY_NAMES[key] ?? key;
}

/** Returns a reward with its sign and two places at most; zero has none, and null is not known. */
function rewardText(value) {
  if (value === null) return "–";
  const text = Number(Math.abs(value).toFixed(2)).toString();
  if (text === "0") return "0";
  return (value < 0 ? "−" : "+") + text;
}

/** Writes a text only if it differs, so that screen readers do not read it again. */
function write(id, text) {
  const target = element(id);
  if (target.textContent !== String(text)) target.textContent = String(text);
}

/** Writes a reward, coloured by its sign. */
function writeReward(target, value) {
  target.textContent = rewardText(value);
  target.classList.toggle("plus", value > 0);
  target.classList.toggle("minus", value < 0);
}

/** Says something to a screen reader, at most twice a second: at a high pace only the newest. */
class Announcer {
  #words = "";
  #timer = null;

  say(words) {
    this.#words = words;
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      write("announcer", this.#words);
    }, 500);
  }
}

/** Shows the counters above the picture, and what the session waits for. */
function showCounters(view, seat) {
  write("episode", view.episodes === null
    ? `${view.episode + 1}` : `${view.episode + 1} of ${view.episodes}`);
  write("step", `${view.step} of ${view.steps}`);
  element("progress").style.width = `${100 * view.step / Math.max(1, view.steps)}%`;
  write("banner", standing(view, seat));
}

/** Returns in words what the session waits for; "" while it runs. */
function standing(view, seat) {
  if (view.over) return "The session is over.";
  if (view.paused) return "Paused";
  const others = view.waiting.filter((name) => name !== seat);
  const names = others.map(plainName).join(" and ");
  if (view.ended && view.next) return "The episode is over. Go on when you are ready.";
  if (others.length > 0 && !view.waiting.includes(seat)) return `Waiting for ${names}`;
  if (view.ended) return "The episode is over.";
  return view.turns && view.waiting.includes(seat) ? "Your turn" : "";
}

function plainName(name) {
  return name.replaceAll("_", " ");
}

/** Shows what each agent did and got. */
function showAgents(view, own) {
  const rows = view.agents.map((agent, number) => {
    const name = make("th", "", make("span", `dot dot-${number % 7}`), plainName(agent.name));
    name.scope = "row";
    const who = number === own ? "you" : agent.who;
    if (who !== plainName(agent.name)) name.append(make("span", "muted", ` ${who}`));
    const [env, social] = [make("td", "number"), make("td", "number")];
    writeReward(env, agent.env_total);
    writeReward(social, agent.social_total);
    return make("tr", number === own ? "own" : "",
      name, make("td", "", agent.action ? plainName(agent.action) : "–"), env, social);
  });
  element("agents").replaceChildren(...rows);
  write("norms", normWords(view));
  write("learning", view.learning ?? "");
}

/** Returns the social reward of the last step by norm and agent, in words; "" if there was none. */
function normWords(view) {
  const given = Object.entries(view.social).flatMap(([norm, values]) => {
    const same = values.length > 1 && values.every((value) => value === values[0]);
    const named = same ? [[values[0], "everybody"]]
      : values.map((value, number) => [value, plainName(view.agents[number].name)]);
    return named.filter(([value]) => value)
      .map(([value, who]) => `${plainName(norm)} ${rewardText(value)} for ${who}`);
  });
  return given.length > 0 ? `Last step: ${given.join(", ")}` : "";
}

/** Shows the rewards, the choice and the private knowledge of the person who plays an agent. */
function showActor(view, seating) {
  const own = view.agents[seating.agent];
  for (const [id, value] of [
    ["own-env", own.env], ["own-env-total", own.env_total],
    ["own-social", own.social], ["own-social-total", own.social_total],
  ]) writeReward(element(id), value);
  for (const button of element("actions").children) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.number) === view.chosen));
  }
  element("private").hidden = !view.private;
  write("private", view.private ?? "");
}

/** Shows the caregiver what those who are judged did, and the feedback given so far. */
function showCaregiver(view, seating) {
  const deeds = seating.watches.map((number) => view.agents[number])
    .filter((agent) => agent.action)
    .map((agent) => `${plainName(agent.name)}: ${plainName(agent.action)}`);
  const many = deeds.length > DEEDS_SHOWN ? `What ${deeds.length} agents did is in the table.` : null;
  write("deed", many ?? (deeds.join(" · ") || "Nothing happened yet."));
  const { praise, blame, step, total } = view.feedback;
  write("praises", praise);
  write("blames", blame);
  writeReward(element("step-feedback"), step);
  writeReward(element("all-feedback"), total);
}

/** Returns the events of the last step in words, one text for each. */
function eventWords(view) {
  return view.events.map(({ agent, name, count }) => {
    const times = count > 1 ? ` × ${count}` : "";
    return `${plainName(view.agents[agent].name)}: ${plainName(name)}${times}`;
  });
}

/** Adds the events of a new step to the list, newest first. */
function addEvents(view) {
  const list = element("events");
  for (const words of eventWords(view)) {
    list.prepend(make("li", "", make("span", "muted", `${view.episode + 1}.${view.step} `), words));
  }
  while (list.children.length > EVENTS_KEPT) list.lastChild.remove();
}

/** Describes the scene in words, for those who do not see the picture. */
function describeScene(scene) {
  const bodies = scene.agents.map((agent) => {
    const looks = agent.heading >= 0 ? `, facing ${HEADINGS[agent.heading]}` : "";
    const holds = agent.carrying ? `, carries ${agent.carrying}` : "";
    return `${plainName(agent.name)}: row ${agent.row}, column ${agent.column}${looks}${holds}`;
  });
  const things = scene.items.map((item) => `${item.words}: row ${item.row}, column ${item.column}`);
  return [...bodies, ...things];
}

function showWords(scene) {
  const words = describeScene(scene);
  element("scene-words").replaceChildren(...words.map((text) => make("li", "", text)));
  element("grid").setAttribute("aria-label", `The world. ${words.join(". ")}.`);
}

/** Draws the reward of each finished episode, summed over the agents: R_e solid, R_s dashed. */
function drawCurve(returns) {
  element("curve-card").hidden = returns.length < 2;
  if (returns.length < 2) return;
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const lines = { env: returns.map((one) => sum(one.env)), social: returns.map((one) => sum(one.social)) };
  const all = [...lines.env, ...lines.social, 0];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const { width, height, margin } = CURVE;
  const x = (index) => margin + index * (width - 2 * margin) / (returns.length - 1);
  const y = (value) => height - margin - (value - low) * (height - 2 * margin) / (high - low || 1);
  const zero = svg("line", "zero", { x1: 0, x2: width, y1: y(0), y2: y(0) });
  const drawn = Object.entries(lines).map(([name, values]) => svg("polyline", name, {
    points: values.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`).join(" "),
  }));
  const chart = element("curve");
  chart.setAttribute("viewBox", `0 0 ${width} ${height}`);
  chart.replaceChildren(zero, ...drawn);
  const [env, social] = [lines.env.at(-1), lines.social.at(-1)].map(rewardText);
  chart.setAttribute("aria-label",
    `${returns.length} episodes; the last: material ${env}, social ${social}`);
  write("curve-words", `last ${returns.length}: ${rewardText(low)} to ${rewardText(high)}`);
}

function svg(name, classes, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  made.setAttribute("class", classes);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/** Lists all keys of a seat: action or button, and what to press for it. */
function listKeys(seating) {
  const actions = seating.agent !== null && seating.actions.kind === "keys" ? seating.actions.list : [];
  const roles = seating.agent === null ? ["praise", "blame", "next", "pause"] : ["next", "pause"];
  const rows = [
    ...actions.map((action) => [action.label, action.keys]),
    ...roles.map((name) => [name, seating.controls[name] ?? []]),
  ];
  element("keys").replaceChildren(...rows.map(([name, keys]) => make("div", "",
    make("dt", "", name), make("dd", "", ...keys.map((key) => make("kbd", "", keyName(key)))))));
}
