/** The latest months by name, `2026-11` first. */
export function latestMonths(today: string, many: number): string[] {
  const [year = 0, month = 1] = today.split("-").map(Number);
  return Array.from({ length: many }, (_, back) => {
    const index = year * 12 + month - 1 - back;
    return `${Math.floor(index / 12)}-${String((index % 12) + 1).padStart(2, "0")}`;
  });
}
