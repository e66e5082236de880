import { lazy, Suspense } from "react";
import { Navigate, Route, Routes } from "react-router";
import { NotThere } from "./parts/feedback/NotThere";
import { PageSkeleton } from "./parts/feedback/PageSkeleton";
import { Shell } from "./parts/shell/Shell";
import { isAdmin, useViewer } from "./session/SessionContext";

const OverviewPage = lazy(() => import("./pages/overview/OverviewPage"));
const HistoryPage = lazy(() => import("./pages/history/HistoryPage"));
const CreditsPage = lazy(() => import("./pages/credits/CreditsPage"));
const CheckPage = lazy(() => import("./pages/check/CheckPage"));
const AccountsPage = lazy(() => import("./pages/accounts/AccountsPage"));
const AccountPage = lazy(() => import("./pages/account/AccountPage"));
const PlansPage = lazy(() => import("./pages/plans/PlansPage"));
const PlanPage = lazy(() => import("./pages/plans/PlanPage"));
const PlanEditorPage = lazy(() => import("./pages/plans/PlanEditorPage"));
const LivePage = lazy(() => import("./pages/live/LivePage"));
const ProofPage = lazy(() => import("./pages/proof/ProofPage"));
const AnomaliesPage = lazy(() => import("./pages/anomalies/AnomaliesPage"));
const AuditPage = lazy(() => import("./pages/audit/AuditPage"));
const NotFoundPage = lazy(() => import("./pages/NotFoundPage"));

/** The pages by address. What a reader may not use is not among them; the server refuses it besides. */
export function App() {
  const viewer = useViewer();
  const admin = isAdmin(viewer);
  return (
    <Shell>
      <Suspense fallback={<PageSkeleton />}>
        <Routes>
          {viewer.account ? (
            <>
              <Route path="/" element={<OverviewPage />} />
              <Route path="/history" element={<HistoryPage />} />
              <Route path="/credits" element={<CreditsPage />} />
              <Route path="/check" element={<CheckPage />} />
            </>
          ) : (
            <Route path="/" element={admin ? <Navigate to="/accounts" replace /> : <NoAccount />} />
          )}
          {admin && (
            <>
              <Route path="/accounts" element={<AccountsPage />} />
              <Route path="/accounts/:accountId/:part?" element={<AccountPage />} />
              <Route path="/plans" element={<PlansPage />} />
              <Route path="/plans/new" element={<PlanEditorPage />} />
              <Route path="/plans/:key" element={<PlanPage />} />
              <Route path="/plans/:key/edit" element={<PlanEditorPage />} />
              <Route path="/live" element={<LivePage />} />
              <Route path="/proof" element={<ProofPage />} />
              <Route path="/anomalies" element={<AnomaliesPage />} />
              <Route path="/audit" element={<AuditPage />} />
            </>
          )}
          <Route path="*" element={<NotFoundPage />} />
        </Routes>
      </Suspense>
    </Shell>
  );
}

/** For a token that is neither a user's nor an administrator's, such as a product service's. */
function NoAccount() {
  return (
    <NotThere icon="accounts" title="This token opens no account">
      The portal is for an account’s users and for administrators. Sign out, and in again with a token of one of them.
    </NotThere>
  );
}
