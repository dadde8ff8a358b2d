import { describe, expect, it } from 'vitest';
import { imageDifferences, imageVersions, type ImageReport } from '../../../src/pool/image-versions.ts';

const image = (version: string, day: number, problem: string | null = null): ImageReport => ({
  version,
  made_at: `2026-01-0${day}T10:00:00.000Z`,
  problem,
});
const differences = (told: Readonly<Record<string, ImageReport>>): readonly string[] =>
  imageDifferences(imageVersions(new Map(Object.entries(told))));

describe('the images of a pool', () => {
  it('are one when all carry the same, and nothing is said of them', () => {
    const told = { webbox1: image('aaa', 1), webbox2: image('aaa', 1) };
    expect(imageVersions(new Map(Object.entries(told)))).toEqual([
      { ...image('aaa', 1), controllers: ['webbox1', 'webbox2'], newest: true },
    ]);
    expect(differences(told)).toEqual([]);
  });

  it('are told with who carries the older ones, by the time of the image and not by how many carry it', () => {
    expect(differences({ webbox1: image('aaa', 1), webbox2: image('bbb', 2), webbox3: image('aaa', 1) })).toEqual([
      'webbox1, webbox3 have the older image aaa of 2026-01-01T10:00:00.000Z; the newest is bbb of 2026-01-02T10:00:00.000Z: regrow sync',
    ]);
  });

  it('have no newest among those that nothing can be built from', () => {
    const torn = image('bbb', 2, 'it is under construction');
    expect(imageVersions(new Map([['webbox1', torn]]))).toMatchObject([{ newest: false }]);
    expect(differences({ webbox1: torn, webbox2: image('aaa', 1) })).toEqual([
      'webbox1 has an image that nothing is built from: it is under construction',
    ]);
  });

  it('name three of many, and count the others', () => {
    const many = Array.from({ length: 9 }, (_, index) => [`web${index + 2}`, image('aaa', 1)] as const);
    const [line] = differences({ web1: image('bbb', 2), ...Object.fromEntries(many) });
    expect(line).toMatch(/^web2, web3, web4 and 6 more have /);
  });
});
