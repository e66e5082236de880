import { Skeleton } from "@mantine/core";

/** The shape of a page while it loads. */
export function PageSkeleton() {
  return (
    <div className="stack" aria-busy="true" style={{ padding: "8px 0" }}>
      <span className="unseen" role="status">
        Loading
      </span>
      <Skeleton height={34} width="min(320px, 60%)" radius="md" />
      <CardSkeleton height={230} />
      <CardSkeleton height={230} />
    </div>
  );
}

export function CardSkeleton({ height }: { height: number }) {
  return <Skeleton height={height} radius="lg" />;
}

/** The shape of a list while it loads. */
export function RowsSkeleton({ rows = 6 }: { rows?: number }) {
  return (
    <div className="stack" style={{ gap: 10, padding: 14 }} aria-busy="true">
      <span className="unseen" role="status">
        Loading
      </span>
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={34} radius="md" />
      ))}
    </div>
  );
}
