/** How much of something is done. */
export function Share({ words, share }: { words: string; share: number }) {
  const part = Math.min(1, Math.max(0, share));
  return (
    <div className="share">
      <span role="status">{words}</span>
      <span className="bar" role="progressbar" aria-label={words} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.floor(part * 100)}>
        <i style={{ width: `${part * 100}%` }} />
      </span>
    </div>
  );
}
