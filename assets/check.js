// What the built files must keep to: their size over the wire, no web fonts, no marks that belong to others.
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const LIMITS = { "static/build/app.css": 20 * 1024, "static/build/app.js": 12 * 1024 };
// "crown" alone: a word that only begins with it may be a name.
const FORBIDDEN = /GDS Transport|@font-face|\bcrest\b|\bcrown\b|@import/i;

function* files(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* files(path);
    else yield path;
  }
}

const problems = [];
for (const [path, limit] of Object.entries(LIMITS)) {
  const size = gzipSync(readFileSync(path), { level: 9 }).length;
  console.log(`${path}: ${size} bytes compressed, at most ${limit}`);
  if (size > limit) problems.push(`${path} is ${size - limit} bytes too large`);
}
for (const path of files("static")) {
  if (!/\.(css|js|svg|html|json|webmanifest)$/.test(path)) continue;
  const text = readFileSync(path, "utf8");
  const found = text.match(FORBIDDEN);
  if (found) problems.push(`${path} holds “${found[0]}”`);
  if (path.endsWith(".css") && text.includes("url(")) problems.push(`${path} asks for another file: url(`);
}
problems.forEach((problem) => console.error(problem));
process.exitCode = problems.length ? 1 : 0;
