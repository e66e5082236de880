/** What is still to be covered after each step of a walk. */
export function fallsThrough(asked: number, steps: { taken: number }[]): number[] {
  let left = asked;
  return steps.map(({ taken }) => {
    left -= taken;
    return left;
  });
}
