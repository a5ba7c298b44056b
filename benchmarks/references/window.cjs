// An exact sliding window of an hour for each key, counted by the second.
"use strict";

const SECONDS = 3600;

class Window {
  constructor(now) {
    this.counts = new Uint32Array(SECONDS);
    this.newest = this.oldest = now;
    this.total = 0;
  }

  moveTo(now) {
    for (let second = Math.max(this.newest + 1, now - SECONDS + 1); second <= now; second++) {
      this.total -= this.counts[second % SECONDS];
      this.counts[second % SECONDS] = 0;
    }
    this.newest = Math.max(this.newest, now);
    if (this.total === 0) this.oldest = this.newest;
    while (this.total > 0 && this.counts[this.oldest % SECONDS] === 0) this.oldest++;
  }
}

class SlidingWindows {
  #windows = new Map();

  hit(caller, limit, now) {
    let window = this.#windows.get(caller);
    if (window === undefined) this.#windows.set(caller, (window = new Window(now)));
    window.moveTo(now);
    const allowed = window.total < limit;
    if (allowed) {
      window.counts[now % SECONDS]++;
      window.total++;
    }
    return { allowed, limit, used: window.total, resetAt: window.oldest + SECONDS };
  }
}

module.exports = { SlidingWindows };
