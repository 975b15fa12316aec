import type { Customer } from '@clientela/client';
import { useQuery } from '@tanstack/react-query';
import { useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/session.ts';
import { useShortcuts } from '../frame/shortcuts.ts';
import { Button } from '../ui/button.tsx';
import { Failure } from '../ui/failure.tsx';
import { focusIfLost } from '../ui/focus.tsx';
import { Select } from '../ui/select.tsx';
import { TextField } from '../ui/text-field.tsx';
import { toast } from '../ui/toast.tsx';
import { useDraft } from './drafts.ts';
import { kindText } from './interaction-text.ts';
import { useMay } from './may.ts';
import styles from './page.module.css';
import { interactionTypesQuery, refreshCustomer } from './queries.ts';
import { selectedTab } from './use-work.ts';

const note = 'note';

/**
 * Writes a note, or logs a contact: `n`, or `l`, one sentence, and Ctrl+Enter.
 * @param onlyNotes whether it logs no contact
 */
export function Composer({ customer, onlyNotes = false }: { customer: Customer; onlyNotes?: boolean }) {
  const { t } = useTranslation();
  const may = useMay();
  const canNote = may('customers:update');
  const canLog = may('interactions:create') && !onlyNotes;
  const [kind, setKind] = useState(canLog ? 'call' : note);
  const [text, setText] = useDraft(`composer ${customer.id}`);
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const area = useRef<HTMLTextAreaElement>(null);
  // One key for one intention: a text that is sent again after a failure is stored once.
  const intention = useRef<{ of: string; key: string }>(undefined);
  const { data: types = [] } = useQuery({ ...interactionTypesQuery, enabled: canLog });

  const begin = (next: string) => {
    setKind(next);
    area.current?.focus();
  };
  useShortcuts({ n: canNote ? () => begin(note) : undefined, l: canLog ? () => begin('call') : undefined });
  // A text that was begun stays when the customer is deleted meanwhile.
  if (!canNote && !canLog && text === '') return null;

  const send = async () => {
    const content = text.trim();
    if (content === '' || isBusy) return;
    const of = `${kind} ${content}`;
    if (intention.current?.of !== of) intention.current = { of, key: crypto.randomUUID() };
    const options = { idempotencyKey: intention.current.key };
    setBusy(true);
    try {
      if (kind === note) await api.customers.notes.add(customer.id, { content }, options);
      else await api.customers.interactions.create(customer.id, { type: kind, notes: content }, options);
      setText('');
      setError(undefined);
      intention.current = undefined;
      toast(kind === note ? t('customer.noteAdded') : t('customer.logged', { kind: kindText(kind, t) }));
      focusIfLost(selectedTab); // the button is disabled now
      await refreshCustomer(customer.id);
    } catch (failure) {
      setError(failure);
      void refreshCustomer(customer.id); // it may be deleted by now
    }
    setBusy(false);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    void send();
  };
  const kinds = [
    ...(canLog ? types.map(({ name }) => name).filter((name) => name !== note) : []),
    ...(canNote ? [note] : []),
  ];
  return (
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- Ctrl+Enter of the field within
    <div className={styles.composer} onKeyDown={onKeyDown}>
      <TextField
        label={t('customer.composer')}
        isLabelHidden
        placeholder={t('customer.composerHint')}
        multiline
        rows={2}
        value={text}
        onChange={setText}
        maxLength={kind === note ? 500 : 5000}
        areaRef={area}
      />
      {error !== undefined && <Failure error={error} />}
      <div className={styles.composerBar}>
        {canLog && (
          <Select
            label={t('customer.kind')}
            isLabelHidden
            value={kind}
            onChange={setKind}
            options={(kinds.length > 0 ? kinds : [kind]).map((each) => ({ value: each, text: kindText(each, t) }))}
          />
        )}
        <Button
          look="primary"
          isPending={isBusy}
          isDisabled={text.trim() === '' || (!canNote && !canLog)}
          onPress={() => void send()}
        >
          {kind === note ? t('customer.addNote') : t('customer.log')}
        </Button>
      </div>
    </div>
  );
}
