import { Link } from "react-router";
import { Empty } from "../parts/feedback/Empty";
import { PageTitle } from "../parts/shell/PageTitle";

export default function NotFoundPage() {
  return (
    <>
      <PageTitle title="Not here" />
      <section className="card">
        <Empty title="There is nothing at this address">
          It may belong to another account, or to someone with other rights. <Link to="/">Go to the start</Link>
        </Empty>
      </section>
    </>
  );
}
