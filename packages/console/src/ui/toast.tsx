import { X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import {
  Button,
  Text,
  UNSTABLE_Toast as AriaToast,
  UNSTABLE_ToastContent as ToastContent,
  UNSTABLE_ToastQueue as ToastQueue,
  UNSTABLE_ToastRegion as ToastRegion,
} from 'react-aria-components';
import styles from './toast.module.css';
import { visible } from './visible.tsx';

type Message = { text: string; action?: { label: string; run: () => void } };

const queue = new ToastQueue<Message>({ maxVisibleToasts: 3 });

/** Says what happened for 10 s, longer under the pointer or the focus; `action` takes it back. F6 leads there. */
export const toast = (text: string, action?: Message['action']): string =>
  queue.add({ text, ...(action && { action }) }, { timeout: 10_000 });

/** Where toasts appear; once in the app. */
export function Toasts() {
  const { t } = useTranslation();
  return (
    <ToastRegion queue={queue} className={styles.region} aria-label={t('common.notifications')}>
      {({ toast: item }) => (
        <AriaToast toast={item} className={styles.toast}>
          <ToastContent className={styles.text}>
            <Text slot="title">{visible(item.content.text)}</Text>
          </ToastContent>
          {item.content.action && (
            <Button
              className={styles.action}
              onPress={() => {
                item.content.action?.run();
                queue.close(item.key);
              }}
            >
              {item.content.action.label}
            </Button>
          )}
          <Button slot="close" className={styles.close} aria-label={t('common.close')}>
            <X size={16} strokeWidth={1.75} aria-hidden />
          </Button>
        </AriaToast>
      )}
    </ToastRegion>
  );
}
