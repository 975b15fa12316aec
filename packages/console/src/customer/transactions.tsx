import type { Customer, Transaction } from '@clientela/client';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Plus, Receipt } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { usePeople } from '../api/people.ts';
import { api } from '../api/session.ts';
import { Button } from '../ui/button.tsx';
import { Confirm } from '../ui/confirm.tsx';
import { Failure } from '../ui/failure.tsx';
import { Money } from '../ui/money.tsx';
import { Pill } from '../ui/pill.tsx';
import { Select } from '../ui/select.tsx';
import { toast } from '../ui/toast.tsx';
import { focusIfLost } from '../ui/focus.tsx';
import { visible } from '../ui/visible.tsx';
import { Entry } from './entry.tsx';
import { Figures } from './figures.tsx';
import { interactionStatusText, kindText, statusTone } from './interaction-text.ts';
import { Items } from './items.tsx';
import { useMay } from './may.ts';
import styles from './page.module.css';
import { followFigures, refreshCustomer, statisticsQuery, transactionsQuery } from './queries.ts';
import { TransactionDialog } from './transaction-dialog.tsx';
import { transactionKinds } from './transaction-kinds.ts';
import { selectedTab, useWork } from './use-work.ts';

const all = 'all';
const kinds = [all, ...transactionKinds] as const;

/** The orders, payments and refunds of a customer, and what they come to in each currency. */
export function Transactions({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  const may = useMay();
  const [kind, setKind] = useState<(typeof kinds)[number]>(all);
  const [isNew, setNew] = useState(false);
  const [cancelling, setCancelling] = useState<Transaction>();
  const list = useInfiniteQuery(transactionsQuery(customer.id, kind === all ? undefined : kind));
  const transactions = list.data?.pages.flatMap((page) => page.transactions) ?? [];
  const people = usePeople(transactions.map(({ created_by }) => created_by));
  const run = useWork(customer.id);
  const complete = ({ id, version }: Transaction) =>
    run(async () => {
      await api.customers.transactions.update(customer.id, id, { status: 'completed' }, { ifMatch: { version } });
      followFigures(customer.id);
    });
  const cancel = async ({ id, kind: cancelled, version }: Transaction) => {
    try {
      await api.customers.transactions.update(customer.id, id, { status: 'cancelled' }, { ifMatch: { version } });
      followFigures(customer.id);
      const state = interactionStatusText('cancelled', t);
      toast(t('customer.interactionState', { kind: kindText(cancelled, t), state }));
    } finally {
      void refreshCustomer(customer.id).then(() => focusIfLost(selectedTab));
    }
  };
  return (
    <>
      <Totals customerId={customer.id} />
      <div className={styles.composerBar}>
        <Select
          label={t('customer.kind')}
          isLabelHidden
          value={kind}
          onChange={setKind}
          options={kinds.map((value) => ({
            value,
            text: value === all ? t('customer.allKinds') : kindText(value, t),
          }))}
        />
        {may('transactions:create') && (
          <Button onPress={() => setNew(true)}>
            <Plus size={16} strokeWidth={1.75} aria-hidden />
            {t('customer.newTransaction')}
          </Button>
        )}
      </div>
      <Items list={list} isEmpty={transactions.length === 0} empty={t('customer.noTransactions')}>
        {transactions.map((transaction) => (
          <TransactionEntry
            key={transaction.id}
            transaction={transaction}
            author={people.get(transaction.created_by)}
            onComplete={() => void complete(transaction)}
            onCancel={() => setCancelling(transaction)}
          />
        ))}
      </Items>
      {isNew && <TransactionDialog customerId={customer.id} onClose={() => setNew(false)} />}
      {cancelling && (
        <Confirm
          title={t('customer.cancelTitle')}
          action={t('customer.cancelAction')}
          onConfirm={() => cancel(cancelling)}
          onClose={() => {
            setCancelling(undefined);
            focusIfLost(selectedTab);
          }}
        >
          {t('customer.cancelHint')}
        </Confirm>
      )}
    </>
  );
}

/** What the customer spent, in each currency. */
function Totals({ customerId }: { customerId: string }) {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(statisticsQuery(customerId));
  if (!data) return error && <Failure error={error} onRetry={() => void refetch()} />;
  const amounts = [[data.currency, data.lifetime_value] as const, ...Object.entries(data.by_currency)];
  return (
    <Figures
      figures={amounts.map(([currency, amount], index) => ({
        label: index === 0 ? t('customer.totals') : t('customer.totalsIn', { currency }),
        value: <Money amount={amount} currency={currency} />,
      }))}
    />
  );
}

type TransactionEntryProps = {
  transaction: Transaction;
  author: string | undefined;
  onComplete: () => void;
  onCancel: () => void;
};

function TransactionEntry({ transaction, author, onComplete, onCancel }: TransactionEntryProps) {
  const { t } = useTranslation();
  const may = useMay();
  const { kind, amount, currency, status, direction, order_id, description, occurred_at } = transaction;
  const canUpdate = may('transactions:update');
  return (
    <Entry
      icon={Receipt}
      title={kindText(kind, t)}
      at={occurred_at}
      author={author}
      text={description ?? undefined}
      actions={
        <>
          {canUpdate && status === 'pending' && (
            <Button look="small" onPress={onComplete}>
              {t('customer.to.completed')}
            </Button>
          )}
          {canUpdate && status !== 'cancelled' && (
            <Button look="small" onPress={onCancel}>
              {t('customer.to.cancelled')}
            </Button>
          )}
        </>
      }
    >
      <span className={styles.change}>
        <Money amount={amount} currency={currency} />
      </span>
      <Pill tone={statusTone(status)}>{interactionStatusText(status, t)}</Pill>
      <span>{t(`customer.direction.${direction as 'in'}`)}</span>
      {order_id !== null && <bdi>{visible(t('customer.orderId', { id: order_id }))}</bdi>}
    </Entry>
  );
}
