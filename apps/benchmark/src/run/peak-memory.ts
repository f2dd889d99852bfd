/** Watches how much memory this process holds; `stop` gives the most it has seen, in MiB. */
export function watchMemory(): { stop(): number } {
  let peak = 0;
  const look = () => {
    peak = Math.max(peak, process.memoryUsage.rss());
  };
  look();
  const timer = setInterval(look, 100);
  timer.unref();
  return {
    stop() {
      clearInterval(timer);
      look();
      return Math.round(peak / 2 ** 20);
    },
  };
}
