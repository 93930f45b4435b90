/** Makes tag listings lag: what several proxies before one registry have to know together. */
export interface ListingLag {
  /** A manifest was put under a tag. */
  born(image: string, tag: string, digest: string): void;
  /** A manifest was removed, by tag or by digest. */
  died(image: string, reference: string): void;
  /** A listing as it was `lagMs` ago. */
  lagging(image: string, body: Buffer, lagMs: number): Buffer;
}

interface Life {
  readonly bornAt: number;
  readonly digest: string;
  diedAt: number;
}

export function createListingLag(): ListingLag {
  const images = new Map<string, Map<string, Life>>();
  const livesOf = (image: string) => {
    const lives = images.get(image) ?? new Map<string, Life>();
    images.set(image, lives);
    return lives;
  };

  return {
    born(image, tag, digest) {
      const lives = livesOf(image);
      // An index tag was there before: it is the first put that a listing shows late.
      const bornAt = lives.get(tag)?.bornAt ?? performance.now();
      lives.set(tag, { bornAt, digest, diedAt: Infinity });
    },
    died(image, reference) {
      for (const [tag, life] of livesOf(image)) {
        if (tag === reference || life.digest === reference) life.diedAt = performance.now();
      }
    },
    lagging(image, body, lagMs) {
      const listing = JSON.parse(body.toString()) as { name: string; tags: string[] | null };
      const then = performance.now() - lagMs;
      const lives = livesOf(image);
      const tags = new Set((listing.tags ?? []).filter((tag) => (lives.get(tag)?.bornAt ?? 0) <= then));
      for (const [tag, { bornAt, diedAt }] of lives) {
        if (bornAt <= then && diedAt > then && diedAt !== Infinity) tags.add(tag);
      }
      return Buffer.from(JSON.stringify({ ...listing, tags: [...tags] }));
    },
  };
}
