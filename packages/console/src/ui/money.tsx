import { formatMoney } from './format.ts';
import styles from './money.module.css';

/** An amount with its currency small and grey, for where figures stand already. */
export function moneyParts(amount: string, currency: string) {
  const text = formatMoney(amount, currency);
  return (
    <>
      {text.number} <span className={styles.currency}>{text.currency}</span>
    </>
  );
}

/** An amount with its currency small and grey. */
export const Money = ({ amount, currency }: { amount: string; currency: string }) => (
  <span className={styles.money}>{moneyParts(amount, currency)}</span>
);
