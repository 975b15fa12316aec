import { formatMoney } from './format.ts';
import styles from './money.module.css';

/** An amount with its currency small and grey. */
export function Money({ amount, currency }: { amount: string; currency: string }) {
  const text = formatMoney(amount, currency);
  return (
    <span className={styles.money}>
      {text.number} <span className={styles.currency}>{text.currency}</span>
    </span>
  );
}
