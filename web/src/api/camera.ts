/** Cameras of this device. */

/** Why there is no picture. */
export type CameraFault = 'denied' | 'missing' | 'busy' | 'insecure' | 'unsuitable';

export class CameraError extends Error {
  override readonly name = 'CameraError';

  constructor(readonly fault: CameraFault) {
    super(fault);
  }
}

/** The camera that looks away from the person who holds the phone, as fast as it goes. */
const WANTED: MediaTrackConstraints = {
  facingMode: { ideal: 'environment' },
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 60 },
};

function fault(error: unknown): CameraFault {
  switch (error instanceof DOMException ? error.name : '') {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'denied';
    case 'NotReadableError':
    case 'AbortError':
      return 'busy';
    case 'OverconstrainedError':
      return 'unsuitable';
    default:
      return 'missing';
  }
}

/** Opens a camera, the best one when none is named. */
export async function openCamera(deviceId: string | null): Promise<MediaStream> {
  // The API is absent on pages that came without TLS from another machine.
  if (!('mediaDevices' in navigator)) throw new CameraError('insecure');
  const { facingMode, ...size } = WANTED;
  const which = deviceId ? { deviceId: { exact: deviceId } } : { facingMode };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: false, video: { ...size, ...which } as MediaTrackConstraints });
  } catch (error) {
    throw new CameraError(fault(error));
  }
}

/** Cameras by name; names are empty until the page may use one. */
export async function cameras(): Promise<{ id: string; label: string }[]> {
  if (!('mediaDevices' in navigator)) return [];
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.filter((d) => d.kind === 'videoinput').map((d) => ({ id: d.deviceId, label: d.label }));
}

export function closeCamera(media: MediaStream): void {
  for (const track of media.getTracks()) track.stop();
}
