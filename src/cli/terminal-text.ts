/** The text cut to so many columns, an ellipsis at its end. Takes plain text, no colour. */
export function fit(text: string, columns: number, isUnicode: boolean): string {
  if (displayWidth(text) <= columns) return text;
  const ellipsis = isUnicode ? '…' : '~';
  let shown = '';
  for (const character of text) {
    if (displayWidth(shown) + displayWidth(character) + 1 > columns) break;
    shown += character;
  }
  return columns < 1 ? '' : shown + ellipsis;
}

/** A text in lines of at most so many columns, broken at blanks where there are some. */
export function wrap(text: string, columns: number): readonly string[] {
  const limit = Math.max(1, columns);
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(/\s+/).flatMap((long) => pieces(long, limit))) {
      if (word === '') continue;
      const longer = line === '' ? word : `${line} ${word}`;
      if (displayWidth(longer) <= limit) line = longer;
      else {
        lines.push(line);
        line = word;
      }
    }
    if (line !== '') lines.push(line);
  }
  return lines;
}

function pieces(word: string, limit: number): readonly string[] {
  if (displayWidth(word) <= limit) return [word];
  const characters = Array.from(word);
  const half = Math.max(1, Math.floor(limit / 2));
  const cut: string[] = [];
  for (let from = 0; from < characters.length; from += half) cut.push(characters.slice(from, from + half).join(''));
  return cut;
}

const wide =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const zero = /^[\p{Mn}\p{Me}\p{Cf}]/u;

/** Columns that a text without colour takes on a terminal. */
export function displayWidth(text: string): number {
  let columns = 0;
  for (const character of text) columns += zero.test(character) ? 0 : wide.test(character) ? 2 : 1;
  return columns;
}

// oxlint-disable-next-line no-control-regex -- the escape is what is looked for
const colourCode = new RegExp('\u001b\\[\\d+m', 'g');

/** The text without our own colour codes. */
export function withoutColour(text: string): string {
  return text.replace(colourCode, '');
}

/** Rows that a line, colour codes and all, takes on a terminal of so many columns. */
export function rowsOf(line: string, columns: number): number {
  return Math.max(1, Math.ceil(displayWidth(withoutColour(line)) / Math.max(1, columns)));
}

/** Text of others, in which no character can move the cursor or change a colour. */
export function inert(text: string): string {
  return text.replace(/\p{Cc}/gu, (each) => `\\x${each.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
