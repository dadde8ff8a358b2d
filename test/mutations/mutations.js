/**
 * A gate switched to "pass" in the text of its file.
 * @typedef {{ gate: string, file: string, mutated: string }} Mutation
 */

/**
 * Every gate of a file of gates, each switched to "pass". Throws when the file has another shape than is known here.
 * @param {string} file
 * @param {string} text
 * @returns {readonly Mutation[]}
 */
export function mutationsOf(file, text) {
  const tables = [...text.matchAll(/^const (?:standing|consulted): [^=]*(?:=>[^=]*)?= \{\n([^}]*)\};/gm)];
  const asked = tables.flatMap(([, rows = '']) => [...rows.matchAll(/^ {2}(\w+)(?:: \w+)?,$/gm)]);
  const named = asked.map(([row, gate = '']) => {
    const passing = `  ${gate}: () => ({ holds: false, message: 'mutated', facts: {} }),`;
    return { gate, file, mutated: replacedOnce(text, `\n${row}\n`, `\n${passing}\n`) };
  });
  const pushed = [...text.matchAll(/gate: '(\w+)'/g)].map(([code, gate = '']) => {
    const mutated = text.replace(
      'return holds.filter((hold) => ',
      `return holds.filter((hold) => hold.gate !== '${gate}' && `,
    );
    if (mutated === text) throw new Error(`${file}: nothing filters ${code}`);
    return { gate, file, mutated };
  });
  if (named.length + pushed.length === 0) throw new Error(`${file}: no gate was found`);
  return [...named, ...pushed];
}

/**
 * @param {string} text
 * @param {string} from
 * @param {string} to
 */
function replacedOnce(text, from, to) {
  if (text.split(from).length !== 2) throw new Error(`"${from.trim()}" is there more than once, or not at all`);
  return text.replace(from, to);
}
