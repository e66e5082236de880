import { Button } from "@mantine/core";
import { useState } from "react";
import { useAction } from "../../api/useAction";
import { useData } from "../../api/useData";
import { useRefresh } from "../../api/useRefresh";
import { formatCredits } from "../../format/credits";
import { formatQuantity } from "../../format/quantity";
import { PricesDocument, WithdrawPriceDocument, type PricesQuery } from "../../gql/graphql";
import { ActionDialog } from "../../parts/actions/ActionDialog";
import { FaultNotice } from "../../parts/feedback/FaultNotice";
import { Moment } from "../../parts/time/Times";
import { useNow } from "../../parts/time/ticker";
import css from "./Plans.module.css";
import { pricesToCome } from "./pricesToCome";

type Feature = PricesQuery["features"][number];
type Price = Feature["prices"][number];

/** What each feature costs now, and what it will cost; what is still to come can be withdrawn. */
export function Prices() {
  const { data, fault, reload } = useData(PricesDocument, {});
  // Here and not in the row: the row of a withdrawn price goes away while the dialog says that it is withdrawn.
  const [chosen, setChosen] = useState<{ feature: Feature; price: Price } | null>(null);
  if (fault) return <FaultNotice fault={fault} what="Loading the prices" onRetry={reload} />;
  if (!data || data.features.length === 0) return null;
  return (
    <section className={`card ${css.plan}`} aria-label="Prices">
      <h2>Prices</h2>
      <ul className={css.prices}>
        {data.features.map((feature) => (
          <FeaturePrices key={feature.key} feature={feature} reload={reload} onWithdraw={(price) => setChosen({ feature, price })} />
        ))}
      </ul>
      {chosen && (
        <WithdrawDialog
          {...chosen}
          onClose={() => {
            setChosen(null);
            reload();
          }}
        />
      )}
    </section>
  );
}

interface FeaturePricesProps {
  feature: Feature;
  reload: () => void;
  onWithdraw: (price: Price) => void;
}

function FeaturePrices({ feature, reload, onWithdraw }: FeaturePricesProps) {
  const toCome = pricesToCome(feature.prices, useNow());
  // Once a price is no longer to come the server says which one counts.
  useRefresh(reload, toCome.map(({ version }) => version).join());
  return (
    <li>
      <strong>
        <bdi>{feature.name}</bdi>
      </strong>
      <span className={css.price}>{feature.price ? priceText(feature.price, feature.unit) : "No price: credits cannot pay for it"}</span>
      {toCome.map((price) => (
        <span key={price.version} className={css.price}>
          {priceText(price, feature.unit)} from <Moment at={price.effectiveFrom} />
          <Button
            variant="subtle"
            size="compact-sm"
            onClick={() => onWithdraw(price)}
            aria-label={`Withdraw ${priceText(price, feature.unit)} of ${feature.name}`}
          >
            Withdraw
          </Button>
        </span>
      ))}
    </li>
  );
}

function priceText({ credits, per }: Pick<Price, "credits" | "per">, unit: string): string {
  const amount = `${formatCredits(credits)} ${credits === "1" ? "credit" : "credits"}`;
  return per === 1 ? `${amount} a ${unit}` : `${amount} for ${formatQuantity(per)} ${unit}s`;
}

function WithdrawDialog({ feature, price, onClose }: { feature: Feature; price: Price; onClose: () => void }) {
  const action = useAction(WithdrawPriceDocument);
  return (
    <ActionDialog
      title={`Withdraw a price of ${feature.name}`}
      verb="Withdraw the price"
      danger
      onClose={onClose}
      onSubmit={(reason) => void action.run({ feature: feature.key, version: price.version, reason })}
      running={action.running}
      fault={action.fault}
      result={action.result && <>The price is withdrawn: nobody will be charged by it.</>}
      effect={
        <p>
          {priceText(price, feature.unit)} would have counted from <Moment at={price.effectiveFrom} />. It never will; the price before it
          stays.
        </p>
      }
    />
  );
}
