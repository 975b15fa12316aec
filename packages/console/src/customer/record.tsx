import type { Customer } from '@clientela/client';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Clash, Values } from '../forms/three-way.ts';
import { Money } from '../ui/money.tsx';
import { ConflictDialog } from './conflict-dialog.tsx';
import { sections } from './fields.ts';
import { InlineField } from './inline-field.tsx';
import { useMay } from './may.ts';
import styles from './page.module.css';
import { refreshCustomer, saveCustomer, valuesOf } from './queries.ts';

/** The facts about a customer, each edited in its place. */
export function Record({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  const canEdit = useMay()('customers:update');
  const [conflict, setConflict] = useState<{ stored: Customer; clashes: Clash[] }>();
  const values = valuesOf(customer);
  /** @param seen the customer that the person saw when they began to type */
  const save = async (seen: Customer, changes: Values) => {
    const outcome = await saveCustomer(seen, changes).catch((error: unknown) => {
      void refreshCustomer(customer.id); // it may be deleted by now
      throw error;
    });
    setConflict(outcome.clashes.length > 0 ? outcome : undefined);
    if (outcome.clashes.length === 0) await refreshCustomer(customer.id);
  };
  return (
    <section className={styles.record} aria-label={t('customer.record')}>
      {sections.map(({ title, fields }) => (
        <div key={title}>
          <h2>{t(title)}</h2>
          <dl>
            {fields.map((field) => (
              <InlineField
                key={field.path}
                field={field}
                value={values[field.path] ?? null}
                customer={customer}
                canEdit={canEdit}
                onSave={save}
              />
            ))}
          </dl>
        </div>
      ))}
      <h2>{t('customer.section.figures')}</h2>
      <dl>
        <div className={styles.fact}>
          <dt>{t('customers.field.value')}</dt>
          <dd className={styles.plain}>
            <Money amount={customer.lifetime_value} currency={customer.currency} />
          </dd>
        </div>
        <div className={styles.fact}>
          <dt>{t('customers.field.orders')}</dt>
          <dd className={styles.plain}>{customer.total_orders}</dd>
        </div>
        <div className={styles.fact}>
          <dt>{t('customers.field.complaints')}</dt>
          <dd className={styles.plain}>{customer.open_complaints}</dd>
        </div>
      </dl>
      {conflict && (
        <ConflictDialog
          clashes={conflict.clashes}
          customerId={customer.id}
          onSave={(changes) => save(conflict.stored, changes)}
          onClose={() => setConflict(undefined)}
        />
      )}
    </section>
  );
}
