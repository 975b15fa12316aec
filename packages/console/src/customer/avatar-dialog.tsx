import type { Customer } from '@clientela/client';
import { useEffect, useEffectEvent, useRef, useState, type DragEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { queryClient } from '../api/query-client.ts';
import { api } from '../api/session.ts';
import { customerName } from '../customers/queries.ts';
import { Form } from '../forms/form.tsx';
import { useSubmit } from '../forms/use-submit.ts';
import { attempt } from '../ui/attempt.ts';
import bar from '../ui/bar.module.css';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Notice } from '../ui/notice.tsx';
import { toast } from '../ui/toast.tsx';
import styles from './avatar-dialog.module.css';
import { centred, cut, draw, pictureAt, readPicture } from './crop.ts';
import { refreshCustomer } from './queries.ts';

type AvatarDialogProps = {
  customer: Customer;
  /** What was dropped on the picture: `null` is a file that is no picture. */
  dropped?: ImageBitmap | null | undefined;
  onClose: () => void;
};

/** Sets the picture of a customer: a file that is chosen, dropped or pasted, and cut to a square; or removes it. */
export function AvatarDialog({ customer, dropped, onClose }: AvatarDialogProps) {
  const { t } = useTranslation();
  const [picture, setPicture] = useState(dropped ?? undefined);
  const [isRefused, setRefused] = useState(dropped === null);
  const [crop, setCrop] = useState(centred);
  const canvas = useRef<HTMLCanvasElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const take = async (chosen: Blob | null | undefined) => {
    if (!chosen) return;
    const read = await readPicture(chosen);
    setRefused(read === undefined);
    if (read === undefined) return;
    setPicture(read);
    setCrop(centred);
  };
  const onPaste = useEffectEvent((event: ClipboardEvent) => void take(event.clipboardData?.files[0]));
  useEffect(() => {
    const listener = (event: ClipboardEvent) => onPaste(event);
    document.addEventListener('paste', listener);
    return () => document.removeEventListener('paste', listener);
  }, []);
  useEffect(() => {
    if (picture && canvas.current) draw(canvas.current, picture, crop);
  }, [picture, crop]);

  const store = async (blob: Blob) => {
    await api.customers.avatar.set(customer.id, blob, { filename: 'avatar.webp' });
    await refresh(customer.id);
  };
  const save = useSubmit(async () => {
    if (!picture) return;
    await store(await cut(picture, crop)).catch((error: unknown) => {
      void refreshCustomer(customer.id); // the customer may be deleted by now
      throw error;
    });
    toast(t('customer.avatar.saved'));
    onClose();
  });
  const remove = useSubmit(async () => {
    const before = customer.avatar_url === null ? undefined : await pictureAt(customer.avatar_url);
    await api.customers.avatar.remove(customer.id);
    await refresh(customer.id);
    const undo = before && { label: t('common.undo'), run: () => void attempt(t, () => store(before)) };
    toast(t('customer.avatar.removed'), undo);
    onClose();
  });
  const slider = (key: 'zoom' | 'across' | 'down', label: string, max: number) => (
    <label className={styles.slider}>
      <span>{label}</span>
      <input
        type="range"
        min={key === 'zoom' ? 1 : 0}
        max={max}
        step={key === 'zoom' ? 0.1 : 0.02}
        value={crop[key]}
        onChange={({ target }) => setCrop({ ...crop, [key]: Number(target.value) })}
      />
    </label>
  );
  const drop = (event: DragEvent) => {
    event.preventDefault();
    void take(event.dataTransfer.files[0]);
  };
  const error = save.error ?? remove.error;
  return (
    <Dialog
      title={t('customer.avatar.title', { name: customerName(customer) })}
      isOpen
      onClose={onClose}
      isDismissable={!picture}
      isKeyboardDismissDisabled={picture !== undefined}
    >
      <Form onSubmit={() => void save.submit()} error={error} shown={[]}>
        {/* oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- a second way; the button is the first */}
        <div className={styles.drop} onDrop={drop} onDragOver={(event) => event.preventDefault()}>
          {picture && <canvas ref={canvas} width={256} height={256} className={styles.canvas} />}
          <p className={bar.hint}>{t('customer.avatar.hint')}</p>
          <input
            ref={input}
            type="file"
            accept="image/jpeg,image/png,image/webp"
            className="visually-hidden"
            tabIndex={-1}
            aria-label={t('customer.avatar.choose')}
            onChange={({ target }) => {
              void take(target.files?.[0]);
              target.value = ''; // the same file may be chosen again
            }}
          />
          <Button onPress={() => input.current?.click()} autoFocus>
            {t('customer.avatar.choose')}
          </Button>
        </div>
        {isRefused && <Notice kind="error">{t('customer.avatar.notImage')}</Notice>}
        {picture && (
          <div className={styles.sliders}>
            {slider('zoom', t('customer.avatar.zoom'), 4)}
            {slider('across', t('customer.avatar.across'), 1)}
            {slider('down', t('customer.avatar.down'), 1)}
          </div>
        )}
        <div className={bar.buttons}>
          <Button type="submit" look="primary" isDisabled={!picture} isPending={save.isBusy}>
            {t('customer.avatar.save')}
          </Button>
          {customer.avatar_url !== null && !picture && (
            <Button isPending={remove.isBusy} onPress={() => void remove.submit()}>
              {t('customer.avatar.remove')}
            </Button>
          )}
          <Button onPress={onClose}>{t('common.cancel')}</Button>
        </div>
      </Form>
    </Dialog>
  );
}

/** Reads the customer again, and the lists that show the picture. */
async function refresh(customerId: string): Promise<void> {
  await refreshCustomer(customerId);
  void queryClient.invalidateQueries({ queryKey: ['customers', 'list'] });
}
