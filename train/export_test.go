package train

import "context"

// Steady sets a training up and gives its step, for tests that look at the step alone.
func Steady(ctx context.Context, j Job) (step func() error, stop func(), err error) {
	r, err := j.setUp(ctx)
	if err != nil {
		return nil, nil, err
	}
	return func() error {
		if _, err := r.advance(ctx); err != nil {
			return err
		}
		return r.stepped()
	}, r.close, nil
}

// Resume sets a training up and reads its checkpoint, for tests that look at that alone.
func Resume(ctx context.Context, j Job) error {
	r, err := j.setUp(ctx)
	if err != nil {
		return err
	}
	defer r.close()
	return r.resume()
}
