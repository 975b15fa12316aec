import { useQuery } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { usePeople } from '../api/people.ts';
import { api } from '../api/session.ts';
import type { Clash, Values } from '../forms/three-way.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Failure } from '../ui/failure.tsx';
import { formatInstant } from '../ui/format.ts';
import { TextField } from '../ui/text-field.tsx';
import { labelOf } from './fields.ts';
import styles from './page.module.css';

type ConflictDialogProps = {
  clashes: readonly Clash[];
  customerId: string;
  /** Saves what the person decided, against the record as it is stored now. */
  onSave: (changes: Values) => Promise<void>;
  onClose: () => void;
};

/** Both changed the same fields: shows mine, theirs and the original, and saves what the person makes of them. */
export function ConflictDialog({ clashes, customerId, onSave, onClose }: ConflictDialogProps) {
  const { t } = useTranslation();
  const [results, setResults] = useState<Values>(() =>
    Object.fromEntries(clashes.map(({ field, mine }) => [field, mine])),
  );
  const [error, setError] = useState<unknown>();
  const { data: history = [] } = useQuery({
    queryKey: ['customers', 'record', customerId, 'conflict'],
    queryFn: async ({ signal }) =>
      (await api.customers.history.list(customerId, { cursor: '', per_page: 20 }, { signal })).history,
    staleTime: 0,
  });
  const people = usePeople(history.map(({ actor_id }) => actor_id));
  const changeOf = (field: string) => {
    const name = field.split('.')[0];
    return history.find(({ changes }) => changes.some((change) => change.field === field || change.field === name));
  };
  const onSubmit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await onSave(
        Object.fromEntries(Object.entries(results).map(([field, text]) => [field, text === '' ? null : text])),
      );
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <Dialog
      title={t('customer.conflict.title')}
      role="alertdialog"
      isOpen
      isWide
      isDismissable={false}
      onClose={onClose}
    >
      <p>{t('customer.conflict.hint')}</p>
      <form className={styles.composer} onSubmit={(event) => void onSubmit(event)} noValidate>
        {clashes.map(({ field, original, theirs, mine }) => {
          const key = labelOf(field);
          const label = key === undefined ? field : t(key);
          const change = changeOf(field);
          const set = (value: string | null) => setResults({ ...results, [field]: value });
          return (
            <div key={field} className={styles.clash}>
              <TextField
                label={label}
                value={results[field] ?? ''}
                onChange={set}
                description={
                  change &&
                  t('customer.conflict.by', {
                    name: people.get(change.actor_id) ?? t('customer.somebody'),
                    at: formatInstant(change.at),
                  })
                }
              />
              <div className={styles.choices}>
                <Button look="small" onPress={() => set(mine)}>
                  {t('customer.conflict.mine', { value: mine ?? '–' })}
                </Button>
                <Button look="small" onPress={() => set(theirs)}>
                  {t('customer.conflict.theirs', { value: theirs ?? '–' })}
                </Button>
                <Button look="small" onPress={() => set(original)}>
                  {t('customer.conflict.original', { value: original ?? '–' })}
                </Button>
              </div>
            </div>
          );
        })}
        {error !== undefined && <Failure error={error} />}
        <div className={styles.composerBar}>
          <Button onPress={onClose}>{t('customer.conflict.keepTheirs')}</Button>
          <Button type="submit" look="primary">
            {t('common.save')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
