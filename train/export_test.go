package train

import "context"

// Steady sets a training up and gives its step, for tests that look at the step alone.
func Steady(ctx context.Context, j Job) (step func() error, stop func(), err error) {
	r, err := j.setUp(ctx)
	if err != nil {
		return nil, nil, err
	}
	feed := r.training.Start(0, 0, r.Loaders)
	return func() error {
		_, err := r.advance(feed)
		r.done++
		return err
	}, feed.Stop, nil
}

// Resume sets a training up and reads its checkpoint, for tests that look at that alone.
func Resume(ctx context.Context, j Job) error {
	r, err := j.setUp(ctx)
	if err != nil {
		return err
	}
	return r.resume()
}
