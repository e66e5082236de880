import { Link } from "react-router";
import { NotThere } from "../parts/feedback/NotThere";

export default function NotFoundPage() {
  return (
    <NotThere title="There is nothing at this address">
      It may belong to another account, or to someone with other rights. <Link to="/">Go to the start</Link>
    </NotThere>
  );
}
