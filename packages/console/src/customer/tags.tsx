import type { Customer } from '@clientela/client';
import { Plus, X } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/session.ts';
import { TagDialog } from '../customers/tag-dialog.tsx';
import { useShortcuts } from '../frame/shortcuts.ts';
import { Button } from '../ui/button.tsx';
import { Pill } from '../ui/pill.tsx';
import { toast } from '../ui/toast.tsx';
import { useMay } from './may.ts';
import styles from './page.module.css';
import { useWork } from './use-work.ts';

const addButton = '[data-add-tag]';

/** The tags of a customer, added and removed in their place. */
export function Tags({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  const canEdit = useMay()('customers:update');
  const [isAdding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<string>();
  useShortcuts({ t: canEdit ? () => setAdding(true) : undefined });

  const run = useWork(customer.id, addButton);
  const add = (label: string) =>
    run(async () => {
      setAdding(false);
      await api.customers.tags.add(customer.id, { label });
    });
  const remove = (label: string) =>
    run(async () => {
      setRemoving(label);
      const { tags } = await api.customers.tags.list(customer.id);
      const tag = tags.find((each) => each.label === label);
      if (tag) {
        await api.customers.tags.remove(customer.id, tag.id);
        const again = () => api.customers.tags.add(customer.id, { label, color: tag.color, priority: tag.priority });
        toast(t('customer.tagRemoved', { label }), {
          label: t('common.undo'),
          run: () => void run(again),
        });
      }
    }).finally(() => setRemoving(undefined));

  return (
    <>
      {customer.tags
        .filter((label) => label !== removing)
        .map((label) => (
          <span key={label} className={styles.tag}>
            <Pill>{label}</Pill>
            {canEdit && (
              <Button
                look={['quiet', 'icon', 'small']}
                aria-label={t('customer.removeTag', { label })}
                onPress={() => void remove(label)}
              >
                <X size={12} strokeWidth={2} aria-hidden />
              </Button>
            )}
          </span>
        ))}
      {canEdit && (
        <Button look={['quiet', 'small']} data-add-tag onPress={() => setAdding(true)}>
          <Plus size={14} strokeWidth={1.75} aria-hidden />
          {t('customers.label')}
        </Button>
      )}
      {isAdding && (
        <TagDialog
          title={t('customers.addTag')}
          onChoose={(label) => void add(label)}
          onClose={() => setAdding(false)}
        />
      )}
    </>
  );
}
