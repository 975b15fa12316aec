import { formatMoney } from './format.ts';
import { kept } from './kept.ts';
import styles from './money.module.css';

const currencyPart = kept((currency) => <span className={styles.currency}>{currency}</span>);

/** An amount with its currency small and grey, for where figures stand already. */
export function moneyParts(amount: string, currency: string) {
  const text = formatMoney(amount, currency);
  return (
    <>
      {`${text.number} ` /* one text rather than two */}
      {currencyPart(text.currency)}
    </>
  );
}

/** An amount with its currency small and grey. */
export const Money = ({ amount, currency }: { amount: string; currency: string }) => (
  <span className={styles.money}>{moneyParts(amount, currency)}</span>
);
