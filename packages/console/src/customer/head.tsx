import type { Customer } from '@clientela/client';
import { Pencil, SlidersHorizontal, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { StatusPill, statusText, TypeMark, typeText } from '../customers/columns.tsx';
import { customerName } from '../customers/queries.ts';
import { useShortcuts } from '../frame/shortcuts.ts';
import { attempt } from '../ui/attempt.ts';
import { Button } from '../ui/button.tsx';
import { Pill } from '../ui/pill.tsx';
import { toast } from '../ui/toast.tsx';
import { visible } from '../ui/visible.tsx';
import { deleteCustomer, restoreCustomer } from './deletion.ts';
import { EditDialog } from './edit-dialog.tsx';
import { useMay } from './may.ts';
import styles from './page.module.css';
import { Picture } from './picture.tsx';
import { StatusDialog } from './status-dialog.tsx';
import { Tags } from './tags.tsx';

/** Who it is, how to reach them, and what can be done with the record. */
export function Head({ customer, isDeleted }: { customer: Customer; isDeleted: boolean }) {
  const { t } = useTranslation();
  const may = useMay();
  const [dialog, setDialog] = useState<'edit' | 'status'>();
  const name = customerName(customer);
  const canUpdate = may('customers:update');
  const edit = () => setDialog('edit');
  const close = () => setDialog(undefined);
  useShortcuts({ e: canUpdate ? edit : undefined });
  const remove = () =>
    attempt(t, async () => {
      await deleteCustomer(customer);
      const restore = () => void attempt(t, () => restoreCustomer(customer));
      toast(t('customer.deleted', { name }), { label: t('common.undo'), run: restore });
    });
  return (
    <header className={styles.head}>
      <Picture customer={customer} />
      <div className={styles.names}>
        <h1 dir="auto" tabIndex={-1}>
          {visible(name)}
        </h1>
        <div className={styles.reach}>
          {customer.email !== null && <a href={`mailto:${customer.email}`}>{customer.email}</a>}
          {customer.phone !== null && <a href={`tel:${customer.phone}`}>{customer.phone}</a>}
          <span className={styles.number}>№ {customer.number}</span>
        </div>
        <div className={styles.meta}>
          {isDeleted ? (
            <Pill tone="red" dot>
              {t('customer.actions.customer_deleted')}
            </Pill>
          ) : (
            <StatusPill status={customer.status} text={statusText(customer.status, t)} />
          )}
          <TypeMark type={customer.type} text={typeText(customer.type, t)} />
          <Tags customer={customer} />
        </div>
      </div>
      <div className={styles.headActions}>
        {canUpdate && (
          <>
            <Button onPress={edit} aria-keyshortcuts="e">
              <Pencil size={16} strokeWidth={1.5} aria-hidden />
              {t('common.edit')}
            </Button>
            <Button onPress={() => setDialog('status')}>
              <SlidersHorizontal size={16} strokeWidth={1.5} aria-hidden />
              {t('customer.status.button')}
            </Button>
          </>
        )}
        {may('customers:delete') && (
          <Button onPress={() => void remove()}>
            <Trash2 size={16} strokeWidth={1.5} aria-hidden />
            {t('common.delete')}
          </Button>
        )}
      </div>
      {dialog === 'edit' && <EditDialog customer={customer} onClose={close} />}
      {dialog === 'status' && <StatusDialog customer={customer} onClose={close} />}
    </header>
  );
}
