/** The image that a controller carries, as it tells of it. */
export interface ImageReport {
  /** Of its manifest, or of its OVF where there is none; null when it cannot be read. */
  readonly version: string | null;
  /** The time of its OVF, ISO UTC: the greatest is the newest image. */
  readonly made_at: string | null;
  /** Why nothing can be built from it; null when something can. */
  readonly problem: string | null;
}

/** Controllers that carry the same image. */
export interface ImageVersionReport extends ImageReport {
  readonly controllers: readonly string[];
  /** It is the newest that is known. */
  readonly newest: boolean;
}

const mostNames = 3;

/** Which controller carries which image: the newest first, then those that nothing can be built from. */
export function imageVersions(told: ReadonlyMap<string, ImageReport>): readonly ImageVersionReport[] {
  const groups = new Map<string, ImageReport & { readonly controllers: string[] }>();
  for (const [controller, image] of told) {
    const key = `${image.version} ${image.problem}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { ...image, controllers: [controller] });
    else group.controllers.push(controller);
  }
  return [...groups.values()]
    .toSorted((a, b) => Number(a.problem !== null) - Number(b.problem !== null) || timeOf(b) - timeOf(a))
    .map((group, index) => ({ ...group, newest: index === 0 && group.problem === null }));
}

function timeOf({ made_at: at }: ImageReport): number {
  return at === null ? 0 : Date.parse(at);
}

/** A line for each image that is not the newest: who carries it, and what to do. Empty when all carry the same. */
export function imageDifferences(images: readonly ImageVersionReport[]): readonly string[] {
  const newest = images.find((image) => image.newest);
  return images.flatMap((image) => {
    const who = namesOf(image.controllers);
    const verb = image.controllers.length === 1 ? 'has' : 'have';
    if (image.problem !== null) return [`${who} ${verb} an image that nothing is built from: ${image.problem}`];
    if (image === newest || newest === undefined) return [];
    return [`${who} ${verb} the older image ${imageName(image)}; the newest is ${imageName(newest)}: regrow sync`];
  });
}

/** `3f9a12c0d4e5 of 2026-11-20T10:00:00Z`. */
export function imageName({ version, made_at: at }: ImageReport): string {
  return `${version ?? 'unknown'}${at === null ? '' : ` of ${at}`}`;
}

function namesOf(names: readonly string[]): string {
  const shown = names.slice(0, mostNames).join(', ');
  return names.length > mostNames ? `${shown} and ${names.length - mostNames} more` : shown;
}
