// Loaded before a gateway (`node --import`): its wall clock is off by so many milliseconds. Durations stay what they are.
const offsetMs = Number(process.env.TEST_CLOCK_OFFSET_MS ?? '0');
const RealDate = Date;

globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + offsetMs);
    else super(...args);
  }

  static now() {
    return RealDate.now() + offsetMs;
  }
};
