import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useCan } from '../api/session.ts';
import { useShortcuts } from '../frame/shortcuts.ts';
import { attempt } from '../ui/attempt.ts';
import { keepToastsAbove } from '../ui/bottom-bar.ts';
import { Button } from '../ui/button.tsx';
import { describeError } from '../ui/failure.tsx';
import { formatNumber } from '../ui/format.ts';
import { Menu, MenuItem } from '../ui/menu.tsx';
import { toast } from '../ui/toast.tsx';
import styles from '../ui/toolbar.module.css';
import { addTag, readSelected, removeTag, setStatus, type BulkResult } from './bulk.ts';
import { statusText } from './columns.tsx';
import { saveFile, toCsv } from './csv.ts';
import type { Customer } from './queries.ts';
import { statuses, type Status } from './search-params.ts';
import { TagDialog, UntagDialog } from './tag-dialog.tsx';

type SelectionBarProps = { ids: ReadonlySet<string>; onClear: () => void };

/** Says how many are selected, and what can be done with them. */
export function SelectionBar({ ids, onClear }: SelectionBarProps) {
  const { t } = useTranslation();
  const can = useCan();
  const [dialog, setDialog] = useState<'tag' | 'untag'>();
  const [isBusy, setBusy] = useState(false);
  const canUpdate = can('customers:update');
  useShortcuts({ t: canUpdate ? () => setDialog('tag') : undefined });

  const selected = [...ids];

  const run = async (work: () => Promise<BulkResult>, text: (count: number) => string) => {
    setDialog(undefined);
    setBusy(true);
    await attempt(t, async () => {
      const { done, failed, undo } = await work();
      if (failed.length > 0)
        toast(t('customers.bulkFailed', { count: failed.length, reason: describeError(failed[0], t) }));
      toast(text(done), done > 0 ? { label: t('common.undo'), run: () => void attempt(t, undo) } : undefined);
    });
    setBusy(false);
  };
  const count = (number: number) => ({ count: number, number: formatNumber(number) });
  const save = async () => {
    const head = [
      'number',
      'full_name',
      'email',
      'phone',
      'status',
      'type',
      'tags',
      'total_orders',
      'lifetime_value',
      'currency',
      'created_at',
    ] as const satisfies readonly (keyof Customer)[];
    const rows = (await readSelected(selected)).map((each) =>
      head.map((name) => {
        const value = each[name];
        return Array.isArray(value) ? value.join('; ') : String(value ?? '');
      }),
    );
    saveFile('customers.csv', new Blob(['\uFEFF', toCsv([head, ...rows])], { type: 'text/csv;charset=utf-8' }));
  };
  return (
    <div ref={keepToastsAbove} className={styles.selection} role="region" aria-label={t('customers.selection')}>
      <strong role="status">{t('customers.selected', count(ids.size))}</strong>
      {canUpdate && (
        <>
          <Button look={['quiet']} isDisabled={isBusy} onPress={() => setDialog('tag')}>
            {t('customers.addTag')}
          </Button>
          <Button look={['quiet']} isDisabled={isBusy} onPress={() => setDialog('untag')}>
            {t('customers.removeTag')}
          </Button>
          <Menu
            placement="top"
            trigger={
              <Button look={['quiet']} isDisabled={isBusy}>
                {t('customers.setStatus')}
              </Button>
            }
            onAction={(key) => {
              const status = key as Status;
              const text = (done: number) =>
                t('customers.statusSet', { ...count(done), status: statusText(status, t) });
              void run(() => setStatus(selected, status), text);
            }}
          >
            {statuses.map((status) => (
              <MenuItem key={status} id={status}>
                {statusText(status, t)}
              </MenuItem>
            ))}
          </Menu>
        </>
      )}
      {can('customers:export') && (
        <Button look={['quiet']} onPress={() => void attempt(t, save)}>
          {t('customers.exportSelected')}
        </Button>
      )}
      <Button look={['quiet']} onPress={onClear}>
        {t('customers.clearSelection')}
      </Button>
      {dialog === 'tag' && (
        <TagDialog
          title={t('customers.addTag')}
          onChoose={(label) =>
            void run(
              () => addTag(selected, label),
              (done) => t('customers.tagged', { ...count(done), label }),
            )
          }
          onClose={() => setDialog(undefined)}
        />
      )}
      {dialog === 'untag' && (
        <UntagDialog
          ids={selected}
          onChoose={(label) =>
            void run(
              () => removeTag(selected, label),
              (done) => t('customers.untagged', { ...count(done), label }),
            )
          }
          onClose={() => setDialog(undefined)}
        />
      )}
    </div>
  );
}
