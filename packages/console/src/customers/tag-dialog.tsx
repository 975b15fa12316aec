import { useQuery } from '@tanstack/react-query';
import { useState, type FormEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Failure } from '../ui/failure.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { TextField } from '../ui/text-field.tsx';
import styles from '../ui/toolbar.module.css';
import { visible } from '../ui/visible.tsx';
import { readSelected } from './bulk.ts';
import { labelsQuery } from './queries.ts';

type TagDialogProps = {
  title: string;
  /** The labels to choose from; without them any label can be typed, and the company's are offered. */
  choices?: readonly string[];
  /** Why there is nothing to choose from, or not yet. */
  notice?: ReactNode;
  onChoose: (label: string) => void;
  onClose: () => void;
};

/** Chooses a tag to add, or one of some to remove. */
export function TagDialog({ title, choices, notice, onChoose, onClose }: TagDialogProps) {
  const { t } = useTranslation();
  const [label, setLabel] = useState('');
  const { data: known = [] } = useQuery({ ...labelsQuery, enabled: choices === undefined });
  const wanted = label.trim().toLowerCase();
  const offered = (choices ?? known.map((each) => each.label)).filter((each) => each.toLowerCase().includes(wanted));
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (choices === undefined && label.trim() !== '') onChoose(label.trim());
    else if (choices !== undefined && offered[0] !== undefined) onChoose(offered[0]);
  };
  return (
    <Dialog title={title} isOpen onClose={onClose}>
      <form className={styles.form} onSubmit={onSubmit} noValidate>
        <TextField label={t('customers.label')} value={label} onChange={setLabel} maxLength={50} autoFocus />
        {notice}
        {offered.length > 0 && (
          <div className={styles.labels}>
            {offered.slice(0, 20).map((each) => (
              <Button key={each} look="small" onPress={() => onChoose(each)}>
                <bdi>{visible(each)}</bdi>
              </Button>
            ))}
          </div>
        )}
        <div className={styles.bar}>
          <span className={styles.space} />
          <Button onPress={onClose}>{t('common.cancel')}</Button>
          {choices === undefined && (
            <Button type="submit" look="primary" isDisabled={label.trim() === ''}>
              {t('customers.addTag')}
            </Button>
          )}
        </div>
      </form>
    </Dialog>
  );
}

type UntagDialogProps = { ids: readonly string[]; onChoose: (label: string) => void; onClose: () => void };

/** Chooses which tag some customers lose: one that any of them has. */
export function UntagDialog({ ids, onChoose, onClose }: UntagDialogProps) {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery({
    queryKey: ['customers', 'selected', ids],
    queryFn: () => readSelected(ids),
    staleTime: 0,
    gcTime: 0,
  });
  const labels = [...new Set(data?.flatMap(({ tags }) => tags))].toSorted((a, b) => a.localeCompare(b));
  const notice = error ? <Failure error={error} onRetry={() => void refetch()} /> : !data && <Skeleton lines={1} />;
  return (
    <TagDialog
      title={t('customers.removeTag')}
      notice={notice || (labels.length === 0 && <p>{t('customers.noTags')}</p>)}
      choices={labels}
      onChoose={onChoose}
      onClose={onClose}
    />
  );
}
